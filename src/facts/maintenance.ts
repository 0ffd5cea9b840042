import type { EpochMs } from './time.ts';

/** A maintenance window that is active now. */
export interface ActiveMaintenance {
  readonly sinceMs: EpochMs;
  /** When the last of the windows that are active now ends. */
  readonly untilMs: EpochMs;
  /** Who planned it. */
  readonly by: string;
  /** Empty if none was given. */
  readonly reason: string;
}
