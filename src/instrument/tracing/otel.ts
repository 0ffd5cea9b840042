/**
 * OpenTelemetry, as far as the library uses it, found where `@opentelemetry/api` 1.x registers it for all copies of itself.
 *
 * The library does not import the API: a copy refuses to see providers that an older copy registered, and the author's copy is
 * often older than ours. Without a registered provider nothing is traced, and nothing is loaded.
 */
export interface OtelSpan {
  spanContext(): OtelSpanContext;
  setAttribute(key: string, value: AttributeValue): unknown;
  setAttributes(attributes: SpanAttributes): unknown;
  addEvent(name: string, attributes?: SpanAttributes): unknown;
  setStatus(status: { readonly code: number; readonly message?: string }): unknown;
  recordException(exception: { readonly name: string; readonly message: string }): void;
  updateName(name: string): unknown;
  end(): void;
}

export interface OtelSpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}

export type AttributeValue = string | number | boolean;
export type SpanAttributes = Readonly<Record<string, AttributeValue>>;

export interface OtelContext {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): OtelContext;
}

export interface OtelTracer {
  startSpan(name: string, options: SpanOptions, context: OtelContext): OtelSpan;
}

export interface SpanOptions {
  readonly kind: number;
  readonly attributes: SpanAttributes;
  readonly links?: readonly { readonly context: OtelSpanContext }[];
}

interface OtelGlobal {
  readonly trace?: { getTracer(name: string): OtelTracer };
  readonly context?: {
    active(): OtelContext;
    with<Result>(context: OtelContext, run: () => Result): Result;
  };
  readonly propagation?: {
    extract(context: OtelContext, carrier: unknown, getter: typeof GETTER): OtelContext;
  };
}

/** `ERROR` of the API. */
const STATUS_ERROR = 2;
const SAMPLED = 1;
const API_KEY = Symbol.for('opentelemetry.js.api.1');
const SPAN_KEY = Symbol.for('OpenTelemetry Context Key SPAN');
const TRACER_NAME = 'mcp-exporter';

/** What a trace context travels in: `_meta`, or the headers of a request of `node:http` or of the Fetch API. */
export type TraceCarrier =
  Readonly<Record<string, unknown>> | { get(name: string): string | null | undefined };

const GETTER = {
  keys: (carrier: TraceCarrier) => Object.keys(carrier),
  get: (carrier: TraceCarrier, key: string) => {
    const value = typeof carrier.get === 'function' ? carrier.get(key) : valueOf(carrier, key);
    return typeof value === 'string' ? value : undefined;
  },
};

function valueOf(carrier: object, key: string): unknown {
  return (carrier as Readonly<Record<string, unknown>>)[key];
}

/** A provider that is registered, with what belongs to it. */
export interface Otel {
  readonly tracer: OtelTracer;
  readonly active: OtelContext;
  /** Runs `run` with `span` as the active one. */
  runIn<Result>(span: OtelSpan, context: OtelContext, run: () => Result): Result;
  /** `context` with what `carrier` (`traceparent`, `tracestate`, `baggage`) describes, if it describes anything. */
  extract(carrier: TraceCarrier, context: OtelContext): OtelContext;
}

/** @returns `undefined` if no provider is registered */
export function findOtel(): Otel | undefined {
  const api = (globalThis as { [API_KEY]?: OtelGlobal })[API_KEY];
  const { trace, context, propagation } = api ?? {};
  if (!trace || !context) return undefined;
  return {
    tracer: trace.getTracer(TRACER_NAME),
    active: context.active(),
    runIn: (span, parent, run) => context.with(parent.setValue(SPAN_KEY, span), run),
    extract: (carrier, base) => propagation?.extract(base, carrier, GETTER) ?? base,
  };
}

/** The span of a context, `undefined` if it has none. */
export function spanOf(context: OtelContext): OtelSpan | undefined {
  return context.getValue(SPAN_KEY) as OtelSpan | undefined;
}

/** @returns the active span of the running code */
export function activeSpan(): OtelSpan | undefined {
  const api = (globalThis as { [API_KEY]?: OtelGlobal })[API_KEY];
  return api?.context ? spanOf(api.context.active()) : undefined;
}

/** @returns the id of a trace that is kept, `undefined` for others */
export function sampledTraceId(span: OtelSpan | undefined): string | undefined {
  const context = span?.spanContext();
  return context && (context.traceFlags & SAMPLED) !== 0 ? context.traceId : undefined;
}

export function failSpan(span: OtelSpan, message: string): void {
  span.setStatus({ code: STATUS_ERROR, message });
}
