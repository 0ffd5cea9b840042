import type { EpochMs } from './time.ts';

/** A server was disabled while the service runs; the configuration does not contain this. */
export interface Disabling {
  readonly server: string;
  /** Unix epoch milliseconds. */
  readonly atMs: EpochMs;
  /** Who, as far as it is known. */
  readonly by: string;
  /** Empty if none was given. */
  readonly reason: string;
  /** When it is enabled by itself; absent if somebody has to enable it. */
  readonly untilMs?: EpochMs;
  /**
   * The service did it, since the server was Offline for `monitor.disableAfter`: calls are refused, but checks go on, and an
   * answer enables the server. Otherwise somebody did it, and the server is left alone.
   */
  readonly isAutomatic?: true;
}

/** The result of a request to disable or enable a server. */
export interface Switched {
  /** Whether it was not so before. */
  readonly hasChanged: boolean;
  /** Whether it is now stored in the journal. */
  readonly isKept: boolean;
}

/**
 * A server was disabled or enabled, or is found to be so once the journal can be read. Published by the control;
 * read by the prober and the gateway.
 */
export interface DisablingChanged {
  readonly fact: 'disabling';
  readonly server: string;
  readonly isDisabled: boolean;
}

/** As the reason of a status. */
export function describeDisabling({ by, reason, untilMs }: Disabling): string {
  const until = untilMs === undefined ? '' : ` until ${printInstant(untilMs)}`;
  return reason === '' ? `disabled by ${by}${until}` : `disabled by ${by}${until}: ${reason}`;
}

/** `2026-11-28T13:45:00Z` */
function printInstant(atMs: EpochMs): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
