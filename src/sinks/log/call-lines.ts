import type { CallRecord } from '../../facts/call-record.ts';
import type { LogChannel, LogSeverity } from '../../facts/ports/log.ts';
import { LEVELNAMES } from './levelnames.ts';
import { escapeControls } from './control-characters.ts';

/**
 * Lines of one exchange, in the form of pino's; `atMs` is when it ended. Built without a library, since there are up to four
 * for each call: pino with its redaction takes 28 µs for such a line, this one or two. It is safe, since every field is known
 * and no object is printed.
 */
export interface CallLines {
  /** That an exchange took place, and how it ended. */
  access(call: CallRecord, atMs: number): string;
  /** That a tool of a server ran: a plugin and its command, in the words of those who have plugins. */
  plugin(call: CallRecord, atMs: number): string;
  /** Who called which tool. */
  audit(call: CallRecord, atMs: number): string;
  /** What went wrong on the server's side. */
  error(call: CallRecord, atMs: number): string;
}

/** What clients send may be megabytes long. */
const NAME_CHARS_MAX = 256;
const MESSAGE_CHARS_MAX = 1_024;
const STACK_CHARS_MAX = 8_192;
/** A text that JSON has as it is, as most names and ids are: printable ASCII without quotes and backslashes. */
const PLAIN = /^[ !#-[\]-~]*$/;
const PLAIN_CHARS_MAX = 128;

/** @param labelsOf a server's labels as a field with the comma before it; empty without any */
export function createCallLines(labelsOf: (server: string) => string): CallLines {
  const printTime = createTimePrinter();
  let context = '';
  let contextOf: CallRecord | undefined;

  function line(
    severity: LogSeverity,
    channel: LogChannel,
    call: CallRecord,
    atMs: number,
    rest: string,
    message: string,
  ): string {
    // The lines of one exchange are written one after the other, and most of each is the same.
    if (contextOf !== call) {
      contextOf = call;
      context = printContext(call) + labelsOf(call.server);
    }
    return `{"level":"${severity}","time":"${printTime(atMs)}","type":"${channel}"${context}${rest},"msg":"${message}"}\n`;
  }

  return {
    access: (call, atMs) => line('info', 'access', call, atMs, accessFields(call), 'exchange'),
    plugin: (call, atMs) => line('info', 'plugin', call, atMs, pluginFields(call), 'tool run'),
    audit: (call, atMs) => line('info', 'audit', call, atMs, auditFields(call), 'tool called'),
    error: (call, atMs) => line('warn', 'error', call, atMs, errorFields(call), 'call failed'),
  };
}

/** ISO 8601 with milliseconds, like `toISOString`, which is asked once for a second only: it takes a microsecond. */
function createTimePrinter(): (ms: number) => string {
  let second = Number.NaN;
  let toSeconds = '';
  return (ms) => {
    const now = Math.floor(ms / 1_000);
    if (now !== second) {
      second = now;
      // Without `.000Z`.
      toSeconds = new Date(now * 1_000).toISOString().slice(0, -5);
    }
    const rest = Math.floor(ms - now * 1_000);
    return `${toSeconds}.${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`;
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
    `,"levelname":"${LEVELNAMES.error}","error":${quote(message, MESSAGE_CHARS_MAX)}` +
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
  if (text.length > PLAIN_CHARS_MAX || !PLAIN.test(text)) return quoteAny(text, charsMax);
  return `"${text}"`;
}

function quoteAny(text: string, charsMax: number): string {
  return escapeControls(
    JSON.stringify(text.length > charsMax ? `${text.slice(0, charsMax)}…` : text),
  );
}

/** To the microsecond. */
function milliseconds(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
