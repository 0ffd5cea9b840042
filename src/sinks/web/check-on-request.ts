import type { CheckReport } from '../../facts/check-report.ts';
import { findServer } from './find-server.ts';
import { HttpProblem } from './http-problem.ts';
import type { AlertCommands, CheckCommands } from '../../facts/ports/commands.ts';
import type { ServerViews } from '../../facts/ports/views.ts';

/** Runs a steady and a deep check of `name`; only one report if the first check fails. Throws 404 for an unknown server, 409 for one that is not checked. */
export type CheckOnRequest = (name: string, by: string) => Promise<readonly CheckReport[]>;

/** Requests for a server that is being checked on request join that check, so that clicking fast costs nothing. */
export function createCheckOnRequest(
  servers: CheckCommands & Pick<ServerViews, 'detail'>,
  alerts: Pick<AlertCommands, 'noteAction'>,
): CheckOnRequest {
  const running = new Map<string, Promise<readonly CheckReport[]>>();

  async function run(name: string, by: string): Promise<readonly CheckReport[]> {
    // Requested together, so that one steady check answers the first and leads to the deep one.
    const answers = await Promise.all([
      servers.checkNow(name, { deep: false }),
      servers.checkNow(name, { deep: true }),
    ]);
    const reports = [...new Set(answers)].filter((report) => report !== undefined);
    if (reports.length > 0) {
      const text = reports.map(({ kind, outcome }) => `${kind}: ${outcome}`).join(', ');
      alerts.noteAction({ kind: 'check', server: name, by, text });
      return reports;
    }
    throw new HttpProblem(409, servers.detail(name)?.reason ?? 'This server cannot be checked.');
  }

  return (name, by) => {
    const present = running.get(name);
    if (present) return present;
    const view = findServer({ servers }, name);
    if (view.status === 'disabled') {
      throw new HttpProblem(409, `This server is not checked: ${view.reason}.`);
    }
    const started = run(name, by).finally(() => running.delete(name));
    running.set(name, started);
    return started;
  };
}
