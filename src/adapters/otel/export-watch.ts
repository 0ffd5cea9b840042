import type { Log } from '../../domain/log.ts';

/** Follows whether spans get out, and says so once per outage: every failed batch would be a line a second. */
export interface ExportWatch {
  /** A batch was lost. */
  failed(spanCount: number, reason: string): void;
  /** A span was lost before it entered the queue. */
  overflowed(): void;
  /** @param waitingCount spans that still wait */
  worked(waitingCount: number): void;
}

export interface ExportWatchOptions {
  readonly log: Log;
  readonly exporter: string;
  /** As the operator wrote it, without credentials. */
  readonly endpoint: string;
  /** From here on down the queue counts as drained, so that a collector that is merely slow is reported once. */
  readonly drainedCount: number;
  readonly onFailed: () => void;
}

export function createExportWatch(options: ExportWatchOptions): ExportWatch {
  const { log, exporter, endpoint } = options;
  let isTroubled = false;
  let lostCount = 0;

  function complain(detail: string): void {
    if (!isTroubled) {
      log.warn({ channel: 'health', exporter, endpoint, detail }, 'spans are lost');
    }
    isTroubled = true;
  }

  return {
    failed(spanCount, reason) {
      lostCount += spanCount;
      options.onFailed();
      complain(reason);
    },
    overflowed() {
      lostCount += 1;
      complain('the collector takes them too slowly');
    },
    worked(waitingCount) {
      if (!isTroubled || waitingCount > options.drainedCount) return;
      isTroubled = false;
      log.info({ channel: 'health', exporter, endpoint, lostCount }, 'spans are exported again');
      lostCount = 0;
    },
  };
}
