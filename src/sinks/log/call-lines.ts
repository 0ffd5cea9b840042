import type { CallRecord } from '../../facts/call-record.ts';
import type { LogChannel, LogSeverity } from '../../facts/ports/log.ts';

/**
 * Lines of one exchange, in the form of pino's. Built without a library, since there are up to three for each call: pino with its
 * redaction takes 28 µs for such a line, this one or two. It is safe, since every field is known and no object is printed.
 */
export interface CallLines {
  /** That an exchange took place, and how it ended. */
  access(call: CallRecord): string;
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
    return `{"level":"${severity}","time":"${time()}","channel":"${channel}"${context}${rest},"msg":"${message}"}\n`;
  }

  return {
    access(call) {
      const { direction, tokens, costUsd } = call;
      const rest =
        (direction === 'server_to_client' ? ',"direction":"server_to_client"' : '') +
        optional('protocolVersion', call.protocolVersion) +
        `,"overheadMs":${milliseconds(call.overheadMs)}` +
        (call.progressCount > 0 ? `,"progressCount":${call.progressCount}` : '') +
        (tokens
          ? `,"inputTokens":${tokens.input},"outputTokens":${tokens.output},"tokenSource":"${tokens.source}"`
          : '') +
        (costUsd === undefined ? '' : `,"costUsd":${costUsd}`);
      return line('info', 'access', call, rest, 'exchange');
    },
    audit(call) {
      const rest = optional('arguments', call.argumentsText, Number.POSITIVE_INFINITY);
      return line('info', 'audit', call, rest, 'tool called');
    },
    error(call) {
      const rest =
        optional('detail', call.errorMessage, MESSAGE_CHARS_MAX) +
        optional('stack', call.errorStack, STACK_CHARS_MAX);
      return line('warn', 'error', call, rest, 'call failed');
    },
  };
}

/** The fields that every line of an exchange has. */
function printContext(call: CallRecord): string {
  const { trace, client } = call;
  return (
    `,"server":${quote(call.server)},"transport":"${call.transport}","method":${quote(call.operation)}` +
    optional(call.operation === 'tools/call' ? 'tool' : 'target', call.target) +
    `,"outcome":"${call.outcome}","status":${call.status}` +
    optional('errorType', call.errorType) +
    (call.rpcCode === undefined ? '' : `,"code":${JSON.stringify(call.rpcCode)}`) +
    `,"durationMs":${milliseconds(call.durationMs)}` +
    `,"requestBytes":${call.requestBytes},"responseBytes":${call.responseBytes}` +
    optional('user', call.user) +
    (client ? `,"client":${quote(client.name)},"clientVersion":${quote(client.version)}` : '') +
    optional('session', call.session) +
    `,"request":${quote(call.requestId)},"traceId":"${trace.traceId}","spanId":"${trace.spanId}"`
  );
}

function optional(field: string, text: string | undefined, charsMax = NAME_CHARS_MAX): string {
  return text === undefined ? '' : `,"${field}":${quote(text, charsMax)}`;
}

function quote(text: string, charsMax = NAME_CHARS_MAX): string {
  return JSON.stringify(text.length > charsMax ? `${text.slice(0, charsMax)}…` : text);
}

/** To the microsecond. */
function milliseconds(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
