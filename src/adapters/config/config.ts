import type { Secret } from '../../domain/secret.ts';
import type { ServerSpec } from '../../domain/server.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ['auto', 'json', 'pretty'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface LogFileConfig {
  readonly path: string;
  readonly maxBytes: number;
  readonly maxFiles: number;
}

/** What the files say, checked and frozen. It prints with every secret masked. */
export interface Config {
  readonly listen: { readonly host: string; readonly port: number };
  readonly servers: readonly ServerSpec[];
  readonly probe: { readonly concurrency: number; readonly allowUrlTargets: boolean };
  readonly admin: { readonly token?: Secret };
  readonly log: {
    readonly level: LogLevel;
    readonly format: LogFormat;
    readonly file?: LogFileConfig;
  };
}
