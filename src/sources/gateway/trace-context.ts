import type { TraceContext } from '../../facts/call-record.ts';
import type { MessageFacts } from '../../protocol/message-facts.ts';
import type { Carrier } from './exchange.ts';

/** W3C Trace Context level 1 (`traceparent`): version-traceid-parentid-flags. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ZERO_TRACE = '0'.repeat(32);
const ZERO_SPAN = '0'.repeat(16);

export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
}

/** Where ids and sampling decisions come from. */
export interface TraceSource {
  readonly newTraceId: () => string;
  readonly newSpanId: () => string;
  /** Whether a trace that begins here is sampled. */
  readonly sample: () => boolean;
}

/** @returns `undefined` for what the specification calls invalid, which then counts as absent (§4.3) */
export function parseTraceParent(text: unknown): TraceParent | undefined {
  if (typeof text !== 'string' || text.length > 512) return undefined;
  const match = TRACEPARENT.exec(text.trim());
  if (!match) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', rest] = match;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (traceId === ZERO_TRACE || spanId === ZERO_SPAN) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceParent(context: TraceParent): string {
  return `00-${context.traceId}-${context.spanId}-${context.sampled ? '01' : '00'}`;
}

/** The context of a call: a child of what its `_meta` says, or else its HTTP header, or else a trace of its own. */
export function traceOf(facts: MessageFacts, carrier: Carrier, source: TraceSource): TraceContext {
  const fromMeta = parseTraceParent(facts.meta?.['traceparent']);
  const fromHeader = parseTraceParent(carrier.traceparent);
  const parent = fromMeta ?? fromHeader;
  const spanId = source.newSpanId();
  if (!parent) return { traceId: source.newTraceId(), spanId, sampled: source.sample() };
  const state = fromMeta ? facts.meta?.['tracestate'] : carrier.tracestate;
  return {
    traceId: parent.traceId,
    spanId,
    parentSpanId: parent.spanId,
    sampled: parent.sampled,
    ...(typeof state === 'string' && { traceState: state }),
    ...(fromMeta &&
      fromHeader &&
      differs(fromMeta, fromHeader) && {
        link: { traceId: fromHeader.traceId, spanId: fromHeader.spanId },
      }),
  };
}

function differs(a: TraceParent, b: TraceParent): boolean {
  return a.traceId !== b.traceId || a.spanId !== b.spanId;
}
