import type { EpochMs } from './time.ts';

/** How long a server was up and down between two moments. The rest is unknown: disabled, in maintenance, not observed. */
export interface UptimeBar {
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
  /** Healthy, Warning or Critical. */
  readonly upMs: number;
  /** Offline. */
  readonly downMs: number;
}

/** Uptime from the journal: it survives restarts. Ratios are 0..1, and absent if nothing is known of the window. */
export interface ServerUptime {
  readonly server: string;
  /** Of the last 24 hours. */
  readonly dayRatio?: number;
  /** Of the last 7 days. */
  readonly weekRatio?: number;
  /** Of the last 30 days. */
  readonly monthRatio?: number;
  /** Since when anything is known of the server, at most 30 days ago. */
  readonly knownSinceMs?: EpochMs;
  /** Of the current hour and the 23 before it, oldest first. */
  readonly hours: readonly UptimeBar[];
  /** Of the current day (UTC) and the 29 before it, oldest first; empty unless they were asked for. */
  readonly days: readonly UptimeBar[];
}

export interface UptimeFilter {
  /** All that are known if absent. */
  readonly server?: string;
  /** Whether the bars of days are wanted. */
  readonly withDays: boolean;
}
