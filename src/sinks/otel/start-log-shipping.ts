import { resultWithin } from '../../facts/deadline.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { Log } from '../../facts/ports/log.ts';
import { createExportWatch } from './export-watch.ts';
import type { OtlpLogSettings } from '../../facts/service-settings.ts';
import { printEndpoint } from './print-endpoint.ts';
import { EXPORT_TIMEOUT_MS } from './export-timeout.ts';

export interface LogShippingOptions {
  readonly config: OtlpLogSettings & { readonly serviceName: string };
  readonly version: string;
  readonly clock: Clock;
  /** Its own lines are shipped as well: one per outage, so that they do not feed themselves. */
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Called once per batch that was not exported. */
  readonly onExportFailure: () => void;
  /** Capacity of the export queue, in records; more are dropped. */
  readonly queueRecordsMax?: number;
}

export interface LogShipping {
  /** @param text whole lines of JSON, each with its line break */
  ship(text: string): void;
  /** Lines that were not exported. */
  dropped(): number;
  /** Exports queued records, for at most `timeoutMs`. */
  stop(timeoutMs?: number): Promise<void>;
}

/** A line of a call has about one kilobyte, one with a stack up to ten. */
const QUEUE_RECORDS_MAX = 4_096;
const STOP_MS_MAX = 2_000;

/**
 * Exports log lines as OTLP log records. Nothing waits for the collector: what cannot be exported is dropped and counted.
 * Import this file only when it is needed, because it loads the SDK.
 */
export async function startLogShipping(options: LogShippingOptions): Promise<LogShipping> {
  const { config, clock, queueRecordsMax = QUEUE_RECORDS_MAX } = options;
  const [{ createLogRecorder }, { toLogRecord }] = await Promise.all([
    import('./record-logs.ts'),
    import('./log-record.ts'),
  ]);
  let waitingCount = 0;
  let droppedCount = 0;
  const watch = createExportWatch({
    log: options.log,
    items: 'log records',
    exporter: 'otlp',
    endpoint: printEndpoint(config.endpoint),
    drainedCount: queueRecordsMax / 2,
    onFailed: options.onExportFailure,
  });
  const recorder = createLogRecorder({
    config,
    version: options.version,
    queueRecordsMax,
    guard: {
      clock,
      timeoutMs: EXPORT_TIMEOUT_MS,
      onTaken: (recordCount) => (waitingCount -= recordCount),
      onWorked: () => watch.worked(waitingCount),
      onFailed(recordCount, reason) {
        droppedCount += recordCount;
        watch.failed(recordCount, reason);
      },
    },
  });

  function shipLine(line: string): void {
    // Checked before the record is created, so that a line costs almost nothing while the collector is down.
    if (waitingCount >= queueRecordsMax) {
      droppedCount += 1;
      watch.overflowed();
      return;
    }
    const record = toLogRecord(line);
    if (!record) return;
    waitingCount += 1;
    recorder.record(record);
  }

  let stopped: Promise<void> | undefined;
  return {
    ship(text) {
      if (stopped) return;
      for (const line of text.split('\n')) if (line !== '') shipLine(line);
    },
    dropped: () => droppedCount,
    stop: (timeoutMs = STOP_MS_MAX) => (stopped ??= stopWithin(clock, timeoutMs, recorder)),
  };
}

/** Rejects if the export fails within the limit. */
async function stopWithin(
  clock: Clock,
  timeoutMs: number,
  recorder: { stop(): Promise<void> },
): Promise<void> {
  await resultWithin(clock, timeoutMs, recorder.stop());
}
