import { resultWithin } from '../../facts/deadline.ts';
import type { Clock, Random } from '../../facts/ports/clock.ts';
import type { Hub } from '../../facts/hub.ts';
import type { Log } from '../../facts/ports/log.ts';
import { createExportWatch } from './export-watch.ts';
import { printEndpoint } from './print-endpoint.ts';
import type { TraceExporter, TracingSettings } from '../../facts/service-settings.ts';
import { EXPORT_TIMEOUT_MS } from './export-timeout.ts';

export interface TracingOptions {
  readonly hub: Pick<Hub, 'subscribe'>;
  readonly config: TracingSettings;
  readonly version: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Called once per batch that was not exported. */
  readonly onExportFailure: (signal: 'traces') => void;
  /** Capacity of the export queue, in spans; more are dropped. */
  readonly queueSpansMax?: number;
}

export interface Tracing {
  /** Whether a trace that begins here is sampled. */
  sample(): boolean;
  /** Exports queued spans, for at most `timeoutMs`. */
  stop(timeoutMs?: number): Promise<void>;
}

const QUEUE_SPANS_MAX = 2_048;
const STOP_MS_MAX = 2_000;

/**
 * Turns each exchange into a span and exports the spans in batches, without delaying the traffic. OpenTelemetry's SDK is
 * loaded only if an exporter is configured, and then only with that exporter.
 */
export async function startTracing(options: TracingOptions): Promise<Tracing> {
  const { config, clock, random, queueSpansMax = QUEUE_SPANS_MAX } = options;
  if (config.exporter === 'none') return { sample: () => false, stop: async () => {} };

  const [{ createSpanRecorder }, { guardExporter }, { createExporter }] = await Promise.all([
    import('./record-spans.ts'),
    import('./guard-exporter.ts'),
    loadExporter(config.exporter),
  ]);
  let waitingCount = 0;
  const watch = createExportWatch({
    log: options.log,
    items: 'spans',
    exporter: config.exporter,
    endpoint: printEndpoint(config.endpoint),
    drainedCount: queueSpansMax / 2,
    onFailed: () => options.onExportFailure('traces'),
  });
  const recorder = createSpanRecorder({
    exporter: guardExporter(createExporter(config), {
      clock,
      timeoutMs: EXPORT_TIMEOUT_MS,
      onTaken: (spanCount) => (waitingCount -= spanCount),
      onWorked: () => watch.worked(waitingCount),
      onFailed: watch.failed,
    }),
    exportTimeoutMs: EXPORT_TIMEOUT_MS,
    version: options.version,
    serviceName: config.serviceName,
    queueSpansMax,
    onQueued: () => (waitingCount += 1),
  });
  const unsubscribe = options.hub.subscribe((fact) => {
    if (fact.fact !== 'call' || !fact.trace.sampled) return;
    // Checked before the span is created, so that an exchange costs almost nothing while the collector is down.
    if (waitingCount >= queueSpansMax) return watch.overflowed();
    recorder.record(fact);
  });

  async function stop(timeoutMs: number): Promise<void> {
    unsubscribe();
    await resultWithin(clock, timeoutMs, recorder.stop());
  }

  let stopped: Promise<void> | undefined;
  return {
    sample: () => random() < config.sampleRatio,
    stop: (timeoutMs = STOP_MS_MAX) => (stopped ??= stop(timeoutMs)),
  };
}

/** One file per exporter, so that only the configured one is loaded. */
function loadExporter(exporter: Exclude<TraceExporter, 'none'>) {
  switch (exporter) {
    case 'otlp':
      return import('./otlp-exporter.ts');
    case 'jaeger':
      return import('./jaeger-exporter.ts');
    case 'zipkin':
      return import('./zipkin-exporter.ts');
  }
}
