import type { LogOutput, ServiceLog } from '../sinks/log/create-log.ts';
import type { Hub } from '../facts/hub.ts';
import type { HttpApi } from '../facts/ports/http-api.ts';
import type { Clock } from '../facts/ports/clock.ts';
import type { Config, LogLevel } from '../settings/config.ts';
import type { TokenSources } from '../protocol/oauth/token-sources.ts';
import type { LoadConfigResult } from '../settings/load-config.ts';

/** A part of the service with a life of its own. */
export interface Part {
  /** For messages. */
  readonly name: string;
  /** @returns what keeps the service from starting, for the operator */
  start?(): Promise<string | void> | string | void;
  /**
   * Applies a configuration: the first one, and each one after it.
   * @returns what could not be applied, for the operator
   */
  reload?(config: Config): Promise<string | void> | string | void;
  /** Called only if `start` succeeded. */
  stop?(): Promise<void> | void;
  /** For the last moment of the process: synchronous, at once. */
  killChildren?(): void;
}

export interface AppOptions {
  /** Without it, the configuration of the working directory, or else the demonstration. */
  readonly configPath?: string | undefined;
  /** Takes precedence over `listen` of the configuration. */
  readonly listen?: { readonly host: string; readonly port: number } | undefined;
  /** Takes precedence over `log.level` of the configuration. */
  readonly logLevel?: LogLevel | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly output: LogOutput;
  /** Prints one line for the operator, independently of the log. */
  readonly report: (line: string) => void;
}

/** The programs that are asked and told something, as far as they are configured. */
export interface RemoteApis {
  readonly alertmanager?: HttpApi;
  readonly prometheus?: HttpApi;
}

/** What every part may use. */
export interface PartContext extends AppOptions {
  readonly clock: Clock;
  /** As it was at the start. What a reload may change is passed to {@link Part.reload}. */
  readonly config: Config;
  readonly readConfig: () => Promise<LoadConfigResult>;
  readonly log: ServiceLog;
  readonly hub: Hub;
  /** Access tokens for servers with `auth`. */
  readonly tokens: TokenSources;
  readonly apis: RemoteApis;
  /** Chosen at random for this process: its listeners refuse requests that carry it (`INSTANCE_HEADER`). */
  readonly instance: string;
  /** Aborted when the service begins to stop. */
  readonly stopping: AbortSignal;
}
