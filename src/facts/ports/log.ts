/**
 * Levels by what they mean to the person on call, most severe first:
 * the process ends; someone must act; degraded but self-healing; state changes; each check; the messages themselves.
 */
export const LOG_SEVERITIES = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogSeverity = (typeof LOG_SEVERITIES)[number];

/**
 * `access`: requests; `plugin`: runs of tools; `audit`: who called or changed something; `error`: failures of servers and our own
 * mistakes; `health`: servers and ourselves.
 */
export type LogChannel = 'access' | 'plugin' | 'audit' | 'error' | 'health';

/** The variables of a line, in snake_case there. Durations end in `Ms`, sizes in `Bytes`; what was thrown is `err`. */
export interface LogFields {
  /** The field `type` of the line. */
  readonly channel?: LogChannel;
  readonly err?: unknown;
  readonly [field: string]: unknown;
}

type WriteLine = (fields: LogFields, message: string) => void;

/** Writes one line per event: a fixed message, and everything that varies as fields. Never throws, never blocks. */
export interface Log {
  readonly fatal: WriteLine;
  readonly error: WriteLine;
  readonly warn: WriteLine;
  readonly info: WriteLine;
  readonly debug: WriteLine;
  readonly trace: WriteLine;
}
