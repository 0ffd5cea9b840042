import type { CheckReport } from '../../facts/check-report.ts';
import type { ServerViews } from '../../facts/ports/views.ts';
import type { CheckOnRequest } from './check-on-request.ts';

/** The result of a check of one server, among all. */
export interface CheckedServer {
  readonly server: string;
  /** Empty if there is a problem. */
  readonly reports: readonly CheckReport[];
  /** Why the server could not be checked. */
  readonly problem?: string;
}

export interface CheckAll {
  /** One result per server that is not disabled, in the order of the configuration. Never rejects. */
  readonly done: Promise<readonly CheckedServer[]>;
  readonly total: number;
  /** Servers whose check has ended. */
  checkedCount(): number;
}

/** Begins to check every server, or joins if that is going on. How many are checked at once, the prober decides. */
export type CheckAllOnRequest = (by: string) => CheckAll;

export function createCheckAll(
  servers: Pick<ServerViews, 'views'>,
  check: CheckOnRequest,
): CheckAllOnRequest {
  let running: CheckAll | undefined;

  async function checkOne(server: string, by: string): Promise<CheckedServer> {
    try {
      return { server, reports: await check(server, by) };
    } catch (error) {
      // Disabled or removed meanwhile.
      const problem = error instanceof Error ? error.message : String(error);
      return { server, reports: [], problem };
    }
  }

  function start(by: string): CheckAll {
    const checked = servers.views().filter(({ status }) => status !== 'disabled');
    let endedCount = 0;
    const results = checked.map(({ name }) =>
      checkOne(name, by).finally(() => {
        endedCount += 1;
      }),
    );
    const done = Promise.all(results).finally(() => {
      running = undefined;
    });
    return { done, total: checked.length, checkedCount: () => endedCount };
  }

  return (by) => (running ??= start(by));
}
