import type { z } from 'zod';
import {
  API_WINDOWS_MAX,
  type MaintenanceTime,
  type PlannedWindow,
  WINDOW_MS_MAX,
} from '../../facts/maintenance.ts';
import { assessWindow, findOccurrence } from '../../facts/rules/maintenance-time.ts';
import { type EpochMs, latest, later } from '../../facts/time.ts';
import type { MaintenanceBody } from './api/maintenance-schemas.ts';
import { askJournal } from './ask-journal.ts';
import { findServer } from './find-server.ts';
import { HttpProblem } from './http-problem.ts';
import type { HttpAppDeps } from './ports.ts';
import { authorOf } from './request-body.ts';

type Body = z.output<typeof MaintenanceBody>;

/** Plans and cancels maintenance windows for the API and for the page. */
export interface MaintenanceOnRequest {
  /**
   * Throws 400 for times that cannot be, 404 for an unknown server, 409 without a journal or with too many windows, 503 if the
   * journal fails.
   */
  plan(body: Body, caller: string): Promise<PlannedWindow>;
  /**
   * Throws 404 for an unknown id, 409 for a window of the configuration or without a journal, 503 if the journal fails.
   * @returns what it was
   */
  cancel(
    id: string,
    order: { readonly by: string; readonly reason: string },
    caller: string,
  ): Promise<PlannedWindow>;
}

export function createMaintenanceOnRequest({
  clock,
  servers,
  maintenance,
  journal,
}: Pick<HttpAppDeps, 'clock' | 'servers' | 'maintenance' | 'journal'>): MaintenanceOnRequest {
  function requireJournal(): void {
    if (journal.state().status === 'off')
      throw new HttpProblem(
        409,
        'The journal is off (journal.path), so no window could be kept. Plan it in the configuration (maintenance).',
      );
  }

  return {
    async plan(body, caller) {
      const nowMs = clock.nowMs();
      const time = timeOf(body, nowMs);
      if (body.servers !== 'all') for (const name of body.servers) findServer({ servers }, name);
      const occurrence = findOccurrence(time, nowMs);
      if (!occurrence) throw new HttpProblem(400, 'This window never begins.');
      requireJournal();
      const planned = maintenance.windows().filter(({ window }) => window.source === 'api');
      if (planned.length >= API_WINDOWS_MAX)
        throw new HttpProblem(409, `There are ${API_WINDOWS_MAX} windows already; cancel some.`);
      const window = await askJournal(
        maintenance.plan({
          ...(body.servers !== 'all' && { servers: [...new Set(body.servers)] }),
          time,
          by: authorOf(body.by, caller),
          reason: body.reason,
        }),
      );
      return { window, occurrence, isActive: occurrence.startsAtMs <= nowMs };
    },
    async cancel(id, { by, reason }, caller) {
      const known = maintenance.windows().find(({ window }) => window.id === id);
      if (known?.window.source === 'config')
        throw new HttpProblem(
          409,
          'This window is in the configuration (maintenance). Take it out there.',
        );
      requireJournal();
      const order = { by: authorOf(by, caller), reason };
      const window = await askJournal(maintenance.cancel(id, order));
      const cancelled = known ?? (window && assessWindow(window, clock.nowMs()));
      if (!window || !cancelled)
        throw new HttpProblem(404, `There is no maintenance window ${id}.`);
      return cancelled;
    },
  };
}

/** Throws a 400 for times that cannot be. */
function timeOf({ recurring, start, until, duration }: Body, nowMs: EpochMs): MaintenanceTime {
  if (recurring) {
    const { days, days_of_month: daysOfMonth, from, to, time_zone: timeZone } = recurring;
    const ofMonth = daysOfMonth !== undefined && { daysOfMonth };
    return { kind: 'recurring', days: [...new Set(days)], ...ofMonth, from, to, timeZone };
  }
  const startsAtMs = latest(start ?? nowMs, nowMs);
  const endsAtMs = until ?? later(start ?? nowMs, duration ?? 0);
  if (endsAtMs <= nowMs) throw new HttpProblem(400, 'The end must be in the future.');
  if (endsAtMs <= startsAtMs) throw new HttpProblem(400, 'until must be later than start.');
  if (startsAtMs - nowMs > WINDOW_MS_MAX || endsAtMs - startsAtMs > WINDOW_MS_MAX)
    throw new HttpProblem(400, 'A window must begin within 366 days, and be no longer than that.');
  return { kind: 'once', startsAtMs, endsAtMs };
}
