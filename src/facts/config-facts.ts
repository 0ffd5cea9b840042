import type { EpochMs } from './time.ts';

/** The configuration was read again. The application publishes it; the metrics, the log and the live pages listen. */
export interface ConfigReloaded {
  readonly fact: 'reload';
  readonly atMs: EpochMs;
  readonly ok: boolean;
  /** On failure the message with every mistake. */
  readonly detail: string;
}
