import type { EpochMs } from './time.ts';

/** Somebody switched a server off while the service runs; the configuration says nothing of it. */
export interface Disabling {
  readonly server: string;
  /** Unix epoch milliseconds. */
  readonly atMs: EpochMs;
  /** Who, as far as it is known. */
  readonly by: string;
  /** Empty where none was given. */
  readonly reason: string;
}

/** What became of a wish to disable or enable a server. */
export interface Switched {
  /** Whether it was not so before. */
  readonly hasChanged: boolean;
  /** Whether it is in the journal now. */
  readonly isKept: boolean;
}

/** As the reason of a status. */
export function describeDisabling({ by, reason }: Disabling): string {
  return reason === '' ? `disabled by ${by}` : `disabled by ${by}: ${reason}`;
}
