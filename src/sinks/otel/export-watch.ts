import type { Log } from '../../facts/ports/log.ts';

/** Tracks whether spans or log records are exported, and logs once per outage instead of once per failed batch. */
export interface ExportWatch {
  /** A batch was lost. */
  failed(itemCount: number, reason: string): void;
  /** An item was dropped before it entered the queue. */
  overflowed(): void;
  /** @param waitingCount items still in the queue */
  worked(waitingCount: number): void;
}

export interface ExportWatchOptions {
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly items: 'spans' | 'log records';
  readonly exporter: string;
  /** As configured, without credentials. */
  readonly endpoint: string;
  /** At or below this length the queue counts as drained, so that a slow collector is reported only once. */
  readonly drainedCount: number;
  readonly onFailed: () => void;
}

export function createExportWatch(options: ExportWatchOptions): ExportWatch {
  const { log, items, exporter, endpoint } = options;
  let isTroubled = false;
  let lostCount = 0;

  function complain(detail: string): void {
    if (!isTroubled) {
      log.warn({ channel: 'health', exporter, endpoint, detail }, `${items} are lost`);
    }
    isTroubled = true;
  }

  return {
    failed(itemCount, reason) {
      lostCount += itemCount;
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
      log.info({ channel: 'health', exporter, endpoint, lostCount }, `${items} are exported again`);
      lostCount = 0;
    },
  };
}
