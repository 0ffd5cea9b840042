import type { EpochMs } from './time.ts';

/** The configuration was read again. Published by the application; read by the metrics, the log and the live pages. */
export interface ConfigReloaded {
  readonly fact: 'reload';
  readonly atMs: EpochMs;
  readonly ok: boolean;
  /** On failure, the message with every mistake. */
  readonly detail: string;
  /** The alerts that the configuration defines; absent on failure. */
  readonly alertNames?: readonly string[];
}
