import type { CallRecord } from '../../facts/call-record.ts';
import type { LogChannel, LogSeverity } from '../../facts/ports/log.ts';
import { escapeControls } from './control-characters.ts';

/**
 * Lines of one exchange, in the form of pino's. Built without a library, since there are up to four for each call: pino with its
 * redaction takes 28 µs for such a line, this one or two. It is safe, since every field is known and no object is printed.
 */
export interface CallLines {
  /** That an exchange took place, and how it ended. */
  access(call: CallRecord): string;
  /** That a tool of a server ran: a plugin and its command, in the words of those who have plugins. */
  plugin(call: CallRecord): string;
  /** Who called which tool. */
  audit(call: CallRecord): string;
  /** What went wrong on the server's side. */
  error(call: CallRecord): string;
}

/** What clients send may be megabytes long. */
const NAME_CHARS_MAX = 256;
const MESSAGE_CHARS_MAX = 1_024;
const STACK_CHARS_MAX = 8_192;

/** @param labelsOf a server's labels as a field with the comma before it; empty without any */
export function createCallLines(
  nowMs: () => number,
  labelsOf: (server: string) => string,
): CallLines {
  let printedMs = Number.NaN;
  let printedTime = '';
  let context = '';
  let contextOf: CallRecord | undefined;

  /** Under load many lines fall into one millisecond. */
  function time(): string {
    const ms = nowMs();
    if (ms !== printedMs) {
      printedMs = ms;
      printedTime = new Date(ms).toISOString();
    }
    return printedTime;
  }

  function line(
    severity: LogSeverity,
    channel: LogChannel,
    call: CallRecord,
    rest: string,
    message: string,
  ): string {
    // The lines of one exchange are written one after the other, and most of each is the same.
    if (contextOf !== call) {
      contextOf = call;
      context = printContext(call) + labelsOf(call.server);
    }
    return `{"level":"${severity}","time":"${time()}","type":"${channel}"${context}${rest},"msg":"${message}"}\n`;
  }

  return {
    access: (call) => line('info', 'access', call, accessFields(call), 'exchange'),
    plugin: (call) => line('info', 'plugin', call, pluginFields(call), 'tool run'),
    audit: (call) => line('info', 'audit', call, auditFields(call), 'tool called'),
    error: (call) => line('warn', 'error', call, errorFields(call), 'call failed'),
  };
}

function accessFields(call: CallRecord): string {
  const { direction, tokens, costUsd } = call;
  return (
    (direction === 'server_to_client' ? ',"direction":"server_to_client"' : '') +
    optional('protocol_version', call.protocolVersion) +
    `,"overhead_ms":${milliseconds(call.overheadMs)}` +
    (call.progressCount > 0 ? `,"progress_count":${call.progressCount}` : '') +
    (tokens
      ? `,"input_tokens":${tokens.input},"output_tokens":${tokens.output},"token_source":"${tokens.source}"`
      : '') +
    (costUsd === undefined ? '' : `,"cost_usd":${costUsd}`)
  );
}

function pluginFields({ server, target = '' }: CallRecord): string {
  return `,"plugin":${quote(server)},"command":${quote(target)}`;
}

function auditFields({ operation, target = '', outcome, argumentsText }: CallRecord): string {
  const args = optional('arguments', argumentsText, Number.POSITIVE_INFINITY);
  const details = `{"tool":${quote(target)},"outcome":"${outcome}"${args}}`;
  return `,"action":${quote(operation)},"details":${details}`;
}

function errorFields({ errorMessage, errorType, outcome, errorStack }: CallRecord): string {
  const message = errorMessage ?? errorType ?? outcome;
  return (
    `,"error":${quote(message, MESSAGE_CHARS_MAX)}` +
    optional('traceback', errorStack, STACK_CHARS_MAX)
  );
}

/** The fields that every line of an exchange has. */
function printContext(call: CallRecord): string {
  const { trace, client } = call;
  return (
    `,"server":${quote(call.server)},"transport":"${call.transport}","method":"${call.verb}"` +
    optional('path', call.path) +
    `,"operation":${quote(call.operation)}` +
    optional(call.operation === 'tools/call' ? 'tool' : 'target', call.target) +
    `,"outcome":"${call.outcome}","status":${call.status}` +
    optional('error_type', call.errorType) +
    (call.rpcCode === undefined ? '' : `,"code":${JSON.stringify(call.rpcCode)}`) +
    `,"duration_ms":${milliseconds(call.durationMs)}` +
    `,"request_bytes":${call.requestBytes},"response_bytes":${call.responseBytes}` +
    optional('user', call.user) +
    (client ? `,"client":${quote(client.name)},"client_version":${quote(client.version)}` : '') +
    optional('session', call.session) +
    `,"request":${quote(call.requestId)},"trace_id":"${trace.traceId}","span_id":"${trace.spanId}"`
  );
}

function optional(field: string, text: string | undefined, charsMax = NAME_CHARS_MAX): string {
  return text === undefined ? '' : `,"${field}":${quote(text, charsMax)}`;
}

function quote(text: string, charsMax = NAME_CHARS_MAX): string {
  return escapeControls(
    JSON.stringify(text.length > charsMax ? `${text.slice(0, charsMax)}…` : text),
  );
}

/** To the microsecond. */
function milliseconds(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
