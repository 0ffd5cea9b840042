import { hostname } from 'node:os';
import {
  context,
  type Context,
  createTraceState,
  ROOT_CONTEXT,
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
  type IdGenerator,
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
/** Few, since a batch is written in one go, and calls wait meanwhile: some two milliseconds for these. */
const BATCH_SPANS = 128;
const BATCH_DELAY_MS = 2_000;

export interface SpanRecorder {
  /** Makes the span of an exchange, with the ids that were fixed when it began. Unsampled ones make none. */
  record(call: CallRecord): void;
  /** Sends what waits. Takes as long as the exporter does. */
  stop(): Promise<void>;
}

export interface SpanRecorderOptions {
  readonly exporter: SpanExporter;
  readonly exportTimeoutMs: number;
  readonly version: string;
  readonly serviceName?: string | undefined;
  readonly queueSpansMax: number;
  readonly onQueued: () => void;
}

/**
 * Feeds the OpenTelemetry SDK with exchanges that are over. Their ids went out with the request, as the `traceparent` that
 * the server continues, so the SDK does not draw ids but is handed them; and the sampling is decided, so it takes them all.
 *
 * One at a time in a process: the SDK registers itself with OpenTelemetry's global API.
 */
export function createSpanRecorder(options: SpanRecorderOptions): SpanRecorder {
  const ids = { traceId: '', spanId: '' };
  const idGenerator: IdGenerator = {
    generateTraceId: () => ids.traceId,
    generateSpanId: () => ids.spanId,
  };
  const batches = new BatchSpanProcessor({
    exporter: options.exporter,
    maxQueueSize: options.queueSpansMax,
    maxExportBatchSize: Math.min(BATCH_SPANS, options.queueSpansMax),
    scheduledDelayMillis: BATCH_DELAY_MS,
    // The exporter's own limit comes first, so that each failure is told of once.
    exportTimeoutMillis: options.exportTimeoutMs + 1_000,
  });
  const processor: SpanProcessor = {
    onStart() {},
    onEnd(span) {
      options.onQueued();
      batches.onEnd(span);
    },
    forceFlush: () => batches.forceFlush(),
    shutdown: () => batches.shutdown(),
  };
  const sdk = new NodeSDK({
    resource: defaultResource().merge(
      resourceFromAttributes({
        'service.name': 'mcp-exporter',
        'service.version': options.version,
        'host.name': hostname(),
      }),
    ),
    // Not the process: its arguments may hold secrets.
    resourceDetectors: [envDetector, serviceInstanceIdDetector],
    ...(options.serviceName === undefined ? {} : { serviceName: options.serviceName }),
    sampler: new AlwaysOnSampler(),
    idGenerator,
    spanProcessors: [processor],
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
    // The gateway carries the context of each exchange itself.
    textMapPropagator: null,
  });
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
          ...(call.trace.link ? { links: [{ context: remoteContext(call.trace.link) }] } : {}),
        },
        parentOf(call.trace),
      );
      const endedAtMs = call.startedAtMs + call.durationMs;
      const exception = exceptionOf(call);
      if (exception) span.addEvent('exception', exception, endedAtMs);
      if (errorTypeOf(call) !== undefined) {
        const message = shorten(call.errorMessage ?? '');
        span.setStatus({
          code: SpanStatusCode.ERROR,
          ...(message === '' ? {} : { message }),
        });
      }
      span.end(endedAtMs);
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
