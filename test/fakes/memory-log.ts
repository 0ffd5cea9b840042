import type { Log, LogFields, LogSeverity } from '../../src/facts/ports/log.ts';

export interface LoggedLine {
  readonly severity: LogSeverity;
  readonly message: string;
  readonly fields: LogFields;
}

export interface MemoryLog extends Log {
  readonly lines: LoggedLine[];
}

/** Keeps every line, of every severity. */
export function createMemoryLog(): MemoryLog {
  const lines: LoggedLine[] = [];
  const keep = (severity: LogSeverity) => (fields: LogFields, message: string) => {
    lines.push({ severity, message, fields });
  };
  return {
    lines,
    fatal: keep('fatal'),
    error: keep('error'),
    warn: keep('warn'),
    info: keep('info'),
    debug: keep('debug'),
    trace: keep('trace'),
  };
}
