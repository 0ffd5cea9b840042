import { hostname } from 'node:os';
import {
  context,
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import {
  defaultResource,
  envDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import type { CallRecord } from '../../facts/call-record.ts';
import {
  attributesOf,
  createSpanNamer,
  errorTypeOf,
  exceptionOf,
  shorten,
  SPAN_KIND,
} from './span-of-call.ts';

const SCOPE = 'mcp-exporter';
/** Small, because a batch is serialized in one go while calls wait: about two milliseconds for this many. */
const BATCH_SPANS = 128;
const BATCH_DELAY_MS = 2_000;

export interface SpanRecorder {
  /** Creates the span of an exchange, with the ids that were assigned when it began. Unsampled exchanges get none. */
  record(call: CallRecord): void;
  /** Exports the queued spans. Takes as long as the exporter does. */
  stop(): Promise<void>;
}

export interface SpanRecorderOptions {
  readonly exporter: SpanExporter;
  readonly exportTimeoutMs: number;
  readonly version: string;
  readonly serviceName: string;
  readonly queueSpansMax: number;
  readonly onQueued: () => void;
}

/**
 * Hands finished exchanges to the OpenTelemetry SDK. Their ids were sent with the request, as the `traceparent` that the
 * server continues, so the SDK uses those ids instead of drawing its own; the sampling decision is made by then, so the
 * SDK samples everything.
 *
 * Only one per process: the SDK registers itself with OpenTelemetry's global API.
 */
export function createSpanRecorder(options: SpanRecorderOptions): SpanRecorder {
  const ids: SpanIds = { traceId: '', spanId: '' };
  const sdk = createSdk(options, ids);
  sdk.start();
  const tracer = trace.getTracer(SCOPE, options.version);
  const nameOf = createSpanNamer();

  return {
    record(call) {
      if (!call.trace.sampled) return;
      ids.traceId = call.trace.traceId;
      ids.spanId = call.trace.spanId;
      const span = tracer.startSpan(
        nameOf(call),
        {
          kind: SPAN_KIND,
          startTime: call.startedAtMs,
          attributes: attributesOf(call),
          ...(call.trace.link && { links: [{ context: remoteContext(call.trace.link) }] }),
        },
        parentOf(call.trace),
      );
      finishSpan(span, call);
    },
    async stop() {
      try {
        await sdk.shutdown();
      } finally {
        trace.disable();
        context.disable();
      }
    },
  };
}

/** The ids of the span that is started next. */
interface SpanIds {
  traceId: string;
  spanId: string;
}

function createSdk(options: SpanRecorderOptions, ids: SpanIds): NodeSDK {
  return new NodeSDK({
    resource: defaultResource().merge(
      resourceFromAttributes({
        'service.name': 'mcp-exporter',
        'service.version': options.version,
        'host.name': hostname(),
      }),
    ),
    // Without the process detector: the process's arguments may contain secrets.
    resourceDetectors: [envDetector, serviceInstanceIdDetector],
    serviceName: options.serviceName,
    sampler: new AlwaysOnSampler(),
    idGenerator: { generateTraceId: () => ids.traceId, generateSpanId: () => ids.spanId },
    spanProcessors: [createProcessor(options)],
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
    // The gateway propagates the context of each exchange itself.
    textMapPropagator: null,
  });
}

function createProcessor(options: SpanRecorderOptions): SpanProcessor {
  const batches = new BatchSpanProcessor({
    exporter: options.exporter,
    maxQueueSize: options.queueSpansMax,
    maxExportBatchSize: Math.min(BATCH_SPANS, options.queueSpansMax),
    scheduledDelayMillis: BATCH_DELAY_MS,
    // Longer than the exporter's own timeout, so that each failure is reported once.
    exportTimeoutMillis: options.exportTimeoutMs + 1_000,
  });
  return {
    onStart() {},
    onEnd(span) {
      options.onQueued();
      batches.onEnd(span);
    },
    forceFlush: () => batches.forceFlush(),
    shutdown: () => batches.shutdown(),
  };
}

function finishSpan(span: Span, call: CallRecord): void {
  const endedAtMs = call.startedAtMs + call.durationMs;
  const exception = exceptionOf(call);
  if (exception) span.addEvent('exception', exception, endedAtMs);
  if (errorTypeOf(call) !== undefined) {
    const message = shorten(call.errorMessage ?? '');
    span.setStatus({ code: SpanStatusCode.ERROR, ...(message !== '' && { message }) });
  }
  span.end(endedAtMs);
}

function parentOf(position: CallRecord['trace']): Context {
  if (position.parentSpanId === undefined) return ROOT_CONTEXT;
  const { traceId, traceState } = position;
  return trace.setSpanContext(ROOT_CONTEXT, {
    ...remoteContext({ traceId, spanId: position.parentSpanId }),
    ...(traceState === undefined ? {} : { traceState: createTraceState(traceState) }),
  });
}

function remoteContext({ traceId, spanId }: { traceId: string; spanId: string }): SpanContext {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
}
