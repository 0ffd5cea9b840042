import type { Config } from '../settings/config.ts';
import type { LoadConfigResult } from '../settings/load-config.ts';

export type ReloadTrigger = 'start' | 'signal' | 'request' | 'file';
type LoadFailure = Extract<LoadConfigResult, { ok: false }>;
type LoadSuccess = Extract<LoadConfigResult, { ok: true }>;

export interface ConfigReloaderOptions {
  readonly load: () => Promise<LoadConfigResult>;
  /** Puts a good configuration into effect; the next reload waits for it. */
  readonly onLoaded: (result: LoadSuccess, trigger: ReloadTrigger) => void | Promise<void>;
  /** Says that the files are bad; whatever was in effect stays. */
  readonly onFailed: (result: LoadFailure, trigger: ReloadTrigger) => void | Promise<void>;
}

export interface ConfigReloader {
  /**
   * Reads the files again, one reload at a time. Calls that arrive while one runs share the next one, since each of
   * them wants what the files say after it was made. Rejects only if `load`, `onLoaded` or `onFailed` does.
   */
  reload(trigger: ReloadTrigger): Promise<LoadConfigResult>;
  /** The last good configuration. */
  current(): Config | undefined;
  /** What to watch, after a bad reload too: the files that it looked for, and those of the last good one. */
  files(): readonly string[];
}

export function createConfigReloader({
  load,
  onLoaded,
  onFailed,
}: ConfigReloaderOptions): ConfigReloader {
  let running: Promise<unknown> = Promise.resolve();
  let queued: Promise<LoadConfigResult> | undefined;
  let config: Config | undefined;
  let goodFiles: readonly string[] = [];
  let files: readonly string[] = [];

  async function run(trigger: ReloadTrigger): Promise<LoadConfigResult> {
    queued = undefined;
    const result = await load();
    files = result.files;
    if (!result.ok) {
      await onFailed(result, trigger);
      return result;
    }
    goodFiles = result.files;
    await onLoaded(result, trigger);
    config = result.config;
    return result;
  }

  return {
    reload(trigger) {
      if (queued === undefined) {
        queued = running.then(
          () => run(trigger),
          () => run(trigger),
        );
        running = queued;
      }
      return queued;
    },
    current: () => config,
    files: () => [...new Set([...files, ...goodFiles])],
  };
}
