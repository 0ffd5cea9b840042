import type { EpochMs } from './time.ts';

/** A server was disabled manually while the service runs; the configuration does not contain this. */
export interface Disabling {
  readonly server: string;
  /** Unix epoch milliseconds. */
  readonly atMs: EpochMs;
  /** Who, as far as it is known. */
  readonly by: string;
  /** Empty if none was given. */
  readonly reason: string;
}

/** The result of a request to disable or enable a server. */
export interface Switched {
  /** Whether it was not so before. */
  readonly hasChanged: boolean;
  /** Whether it is now stored in the journal. */
  readonly isKept: boolean;
}

/**
 * A server was disabled or enabled manually, or is found to be so once the journal can be read. Published by the control;
 * read by the prober and the gateway.
 */
export interface DisablingChanged {
  readonly fact: 'disabling';
  readonly server: string;
  readonly isDisabled: boolean;
}

/** As the reason of a status. */
export function describeDisabling({ by, reason }: Disabling): string {
  return reason === '' ? `disabled by ${by}` : `disabled by ${by}: ${reason}`;
}
