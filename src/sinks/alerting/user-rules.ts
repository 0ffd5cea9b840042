import type { UserAlert } from '../../facts/user-alert.ts';
import type { Metric } from '../../catalog/metric.ts';
import { renderUserAlerts } from './user-alerts.ts';

/** The first line of every file that we write. Files without it are never changed, so this text must stay as it is. */
const MARK =
  'Written by mcp-exporter from `alerts:` of its configuration; what is edited here is lost.';
/** Prometheus often runs as another user. */
const MODE = 0o644;

export interface UserRulesOptions {
  readonly catalog: readonly Metric[];
  readonly files: {
    /** @returns `undefined` if there is no such file. Rejects if it cannot be read. */
    read(path: string): Promise<string | undefined>;
    /** Atomically. @returns the problem if it failed */
    write(path: string, text: string, mode: number): Promise<string | undefined>;
  };
  /** Formats a value as YAML, below a comment. */
  readonly format: (value: unknown, comment: string) => string;
}

export interface UserRules {
  /** The text of the rule file. */
  render(alerts: readonly UserAlert[]): string;
  /**
   * Brings the file up to date. Without alerts, an existing file of ours is emptied and no new one is created. A file that was
   * written to another path before is emptied too. Never rejects.
   * @returns the problem if it failed; the file is unchanged then
   */
  update(alerts: readonly UserAlert[], path: string): Promise<string | undefined>;
}

/** Renders the user's alerts as a rule file of Prometheus, and keeps that file up to date. */
export function createUserRules({ catalog, files, format }: UserRulesOptions): UserRules {
  let writtenAt: string | undefined;

  function render(alerts: readonly UserAlert[]): string {
    return format(renderUserAlerts(alerts, catalog), MARK);
  }

  async function put(alerts: readonly UserAlert[], path: string): Promise<string | undefined> {
    const before = await files.read(path);
    if (before === undefined && alerts.length === 0) return undefined;
    if (before !== undefined && !before.startsWith(`# ${MARK}\n`)) {
      if (alerts.length === 0) return undefined;
      return `${path} was not written by mcp-exporter and is left as it is; alertRulesFile can name another`;
    }
    const text = render(alerts);
    // Prometheus reloads a file that is written, and reloaded rules start their `for` again.
    return text === before ? undefined : files.write(path, text, MODE);
  }

  async function putSafely(
    alerts: readonly UserAlert[],
    path: string,
  ): Promise<string | undefined> {
    return put(alerts, path).catch((error: unknown) => `${path} cannot be read (${String(error)})`);
  }

  return {
    render,
    async update(alerts, path) {
      const old = writtenAt === path ? undefined : writtenAt;
      const problem = await putSafely(alerts, path);
      if (problem !== undefined) return problem;
      writtenAt = path;
      return old === undefined ? undefined : putSafely([], old);
    },
  };
}
