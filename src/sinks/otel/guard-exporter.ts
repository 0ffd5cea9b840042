import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { Clock } from '../../facts/ports/clock.ts';

/**
 * Exports that a collector has not answered yet. Zipkin's exporter waits for an answer as long as the connection lives;
 * without a limit, batches would pile up in memory while a collector hangs. The limit allows a full queue to be exported at
 * shutdown.
 */
const UNANSWERED_MAX = 32;

export interface ExporterGuardOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly onTaken: (itemCount: number) => void;
  readonly onWorked: () => void;
  readonly onFailed: (itemCount: number, reason: string) => void;
}

/** Of spans or of log records. */
interface Exporter<Item> {
  export(items: Item[], callback: (result: ExportResult) => void): void;
  forceFlush?(): Promise<void>;
  shutdown(): Promise<void>;
}

/**
 * Ensures that each export ends exactly once, in time, and is reported, and limits the number of unanswered exports. To the
 * SDK every export looks successful: it could only print a failure, and would shorten its own shutdown.
 */
export function guardExporter<Item>(
  exporter: Exporter<Item>,
  options: ExporterGuardOptions,
): Required<Exporter<Item>> {
  let unansweredCount = 0;

  function send(items: Item[], report: (result: ExportResult) => void): void {
    let isAnswered = false;
    unansweredCount += 1;
    const answer = (result: ExportResult): void => {
      // Jaeger's exporter answers once for each span that does not fit a packet.
      if (isAnswered) return;
      isAnswered = true;
      unansweredCount -= 1;
      report(result);
    };
    try {
      exporter.export(items, answer);
    } catch (error) {
      answer(failure(error));
    }
  }

  return {
    export(items, callback) {
      options.onTaken(items.length);
      let isReported = false;
      const report = (result: ExportResult): void => {
        if (isReported) return;
        isReported = true;
        timer.cancel();
        if (result.code === ExportResultCode.SUCCESS) options.onWorked();
        else options.onFailed(items.length, reasonOf(result.error));
        callback({ code: ExportResultCode.SUCCESS });
      };
      const timer = options.clock.after(options.timeoutMs, () =>
        report(failure(new Error('the collector does not answer'))),
      );
      if (unansweredCount < UNANSWERED_MAX) send(items, report);
      else report(failure(new Error('the collector has not answered earlier exports')));
    },
    forceFlush: async () => exporter.forceFlush?.(),
    // A flush that fails during shutdown was counted above.
    shutdown: () => exporter.shutdown().catch(() => {}),
  };
}

function failure(error: unknown): ExportResult {
  return {
    code: ExportResultCode.FAILED,
    error: error instanceof Error ? error : new Error(String(error)),
  };
}

const REASON_CHARS_MAX = 300;

/** One line, without the collector's answer or headers. A refused `localhost` has no message of its own, only a code. */
function reasonOf(error: Error | undefined): string {
  if (!error) return 'the export failed';
  const code = 'code' in error ? String(error.code) : '';
  const text = error.message === '' ? code || error.name : error.message;
  return text.slice(0, REASON_CHARS_MAX);
}
