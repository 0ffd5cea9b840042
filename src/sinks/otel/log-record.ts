import {
  type Attributes,
  type AttributeValue,
  type Context,
  type LogRecord,
  ROOT_CONTEXT,
  SeverityNumber,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import { isJsonObject, type JsonObject } from '../../facts/json-object.ts';
import type { LogSeverity } from '../../facts/ports/log.ts';

const SEVERITY_NUMBERS: Readonly<Record<LogSeverity, SeverityNumber>> = {
  fatal: SeverityNumber.FATAL,
  error: SeverityNumber.ERROR,
  warn: SeverityNumber.WARN,
  info: SeverityNumber.INFO,
  debug: SeverityNumber.DEBUG,
  trace: SeverityNumber.TRACE,
};

/** These fields have their own place in a record. */
const OWN_FIELDS = new Set(['level', 'levelname', 'time', 'msg', 'trace_id', 'span_id', 'err']);
/** Fields whose attributes have another name. */
const ATTRIBUTE_NAMES = new Map([
  ['type', 'channel'],
  ['error', 'detail'],
  ['traceback', 'stack'],
]);

/**
 * Converts a log line to an OpenTelemetry log record (specification, logs data model). Fields become attributes named like
 * the metrics' labels; exceptions use the names of the semantic conventions.
 * @param line one JSON object as it is in the file, so that what is masked there is masked here
 */
export function toLogRecord(line: string): LogRecord | undefined {
  const fields = parseLine(line);
  if (!fields) return undefined;
  const severity = textOf(fields['level']);
  const severityNumber = isSeverity(severity) ? SEVERITY_NUMBERS[severity] : undefined;
  const timestamp = Date.parse(textOf(fields['time']));
  const context = contextOf(fields);
  return {
    body: textOf(fields['msg']),
    severityText: severity.toUpperCase(),
    attributes: attributesOf(fields),
    ...(severityNumber === undefined ? {} : { severityNumber }),
    ...(Number.isNaN(timestamp) ? {} : { timestamp }),
    ...(context && { context }),
  };
}

function parseLine(line: string): JsonObject | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    return isJsonObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isSeverity(level: string): level is LogSeverity {
  return Object.hasOwn(SEVERITY_NUMBERS, level);
}

/** A line does not say whether the trace was sampled; its ids link them all the same. */
function contextOf({ trace_id: traceId, span_id: spanId }: JsonObject): Context | undefined {
  if (typeof traceId !== 'string' || typeof spanId !== 'string') return undefined;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.NONE });
}

function attributesOf(fields: JsonObject): Attributes {
  const attributes: Attributes = {};
  for (const [field, value] of Object.entries(fields)) {
    if (OWN_FIELDS.has(field) || value === null) continue;
    // `labels` of a server and `details` of an audit line: the first are named as a JSON parser names them, since their names are
    // anything, the others are attributes like all.
    if ((field === 'labels' || field === 'details') && isJsonObject(value)) {
      const prefix = field === 'labels' ? 'labels_' : '';
      for (const [name, item] of Object.entries(value))
        attributes[prefix + name] = toAttribute(item);
    } else {
      attributes[ATTRIBUTE_NAMES.get(field) ?? field] = toAttribute(value);
    }
  }
  noteException(attributes, fields['err']);
  return attributes;
}

function toAttribute(value: unknown): AttributeValue {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  const isTexts = Array.isArray(value) && value.every((item) => typeof item === 'string');
  return isTexts ? value : JSON.stringify(value);
}

function noteException(attributes: Attributes, thrown: unknown): void {
  if (thrown === undefined || thrown === null) return;
  if (!isJsonObject(thrown)) {
    attributes['exception.message'] = toAttribute(thrown);
    return;
  }
  const names = {
    type: 'exception.type',
    message: 'exception.message',
    stack: 'exception.stacktrace',
  };
  for (const [field, name] of Object.entries(names)) {
    const value = thrown[field];
    if (typeof value === 'string' && value !== '') attributes[name] = value;
  }
}
