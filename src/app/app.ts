import { randomUUID } from 'node:crypto';
import { DEMO_CONFIG_PATH, demoConfig } from '../demo/demo-config.ts';
import type { ReloadResult } from '../facts/ports/commands.ts';
import { findConfig } from '../settings/files.ts';
import { loadConfig, type LoadConfigResult } from '../settings/load-config.ts';
import { formatProblems } from '../settings/source-file.ts';
import type { ReloadTrigger } from './create-config-reloader.ts';
import { createService, type Service } from './create-service.ts';
import type { AppOptions } from './part.ts';
import { createSystemClock } from './system-clock.ts';

export type AppStart =
  | { readonly ok: true; readonly addresses: AppAddresses }
  /** What an operator can fix, in one or more lines. */
  | { readonly ok: false; readonly message: string };

export interface AppAddresses {
  /** Base URL of the metrics, the pages and the API. */
  readonly http: string;
  /** Base URL of the gateway; absent if it is disabled. */
  readonly gateway?: string;
  /** File in effect; absent for the demonstration. */
  readonly config?: string;
  readonly servers: number;
}

export interface App {
  start(): Promise<AppStart>;
  reload(trigger: ReloadTrigger): Promise<ReloadResult>;
  /** Logs an error that nothing caught, before the process ends because of it. */
  crash(error: unknown): void;
  /** For the last moment of the process: synchronous, at once. */
  killChildren(): void;
  /** Stops everything in the reverse order of its start: children, sessions, sockets, timers. */
  stop(): Promise<void>;
}

/** The service from its configuration to its end. `create-service.ts` lists its parts. */
export function createApp(options: AppOptions): App {
  const stopping = new AbortController();
  let service: Service | undefined;

  async function start(): Promise<AppStart> {
    const configPath = options.configPath ?? (await findConfig());
    const readConfig = () => readFiles(configPath, options);
    const first = await readConfig();
    if (!first.ok) return { ok: false, message: formatProblems(first.problems) };
    const { config } = first;
    service = createService(
      {
        ...options,
        configPath,
        config,
        readConfig,
        clock: createSystemClock(),
        instance: randomUUID(),
        stopping: stopping.signal,
      },
      first,
    );
    const problem = await service.start();
    if (problem !== undefined) return { ok: false, message: problem };
    const { http, gateway } = service.urls();
    return {
      ok: true,
      addresses: {
        http,
        ...(gateway && { gateway }),
        servers: config.servers.length,
        ...(configPath === undefined ? {} : { config: configPath }),
      },
    };
  }

  return {
    start,
    reload: async (trigger) =>
      (await service?.reloadFiles(trigger)) ?? { ok: false, detail: 'not started' },
    crash(error) {
      if (service) service.log.fatal({ channel: 'error', err: error }, 'crashed');
      else options.report(error instanceof Error ? (error.stack ?? error.message) : String(error));
    },
    killChildren: () => service?.killChildren(),
    async stop() {
      stopping.abort();
      await service?.stop();
    },
  };
}

function readFiles(path: string | undefined, { env }: AppOptions): Promise<LoadConfigResult> {
  if (path !== undefined) return loadConfig({ path, env });
  return loadConfig({
    path: DEMO_CONFIG_PATH,
    env,
    readText: async () => ({ ok: true, text: demoConfig() }),
  });
}
