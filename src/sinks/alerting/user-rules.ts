import type { UserAlert } from '../../facts/user-alert.ts';
import type { Metric } from '../../catalog/metric.ts';
import { renderUserAlerts } from './user-alerts.ts';

/** The first line of every file of ours: one without it belongs to somebody else. */
const MARK =
  'Written by mcp-exporter from `alerts:` of its configuration; what is edited here is lost.';
/** Prometheus often runs as another user. */
const MODE = 0o644;

export interface UserRulesOptions {
  readonly catalog: readonly Metric[];
  readonly files: {
    /** @returns nothing where there is no such file. Rejects where it cannot be read. */
    read(path: string): Promise<string | undefined>;
    /** In one step. @returns what went wrong */
    write(path: string, text: string, mode: number): Promise<string | undefined>;
  };
  /** As YAML, below a comment. */
  readonly format: (value: unknown, comment: string) => string;
}

export interface UserRules {
  /** What the file is to hold. */
  render(alerts: readonly UserAlert[]): string;
  /**
   * Brings the file up to date. Without alerts a file of ours is emptied and none is made; one that was written elsewhere
   * before is emptied too. Never rejects.
   * @returns what went wrong; the file is as it was then
   */
  update(alerts: readonly UserAlert[], path: string): Promise<string | undefined>;
}

/** Keeps the rule file of Prometheus that the user's alerts become. */
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
    // Prometheus reads a changed file again, and a rule that it reads again waits for its time once more.
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
