import type { Disabling } from '../disabling.ts';

/** Keeps which servers are disabled. */
export interface DisablingStore {
  /** Whether nothing is kept at all. */
  readonly isOff: boolean;
  /** Rejects if the store does not answer. */
  findDisablings(): Promise<readonly Disabling[]>;
  /** Replaces everything that was kept; resolves when that is committed. */
  saveDisablings(disablings: readonly Disabling[]): Promise<void>;
}
