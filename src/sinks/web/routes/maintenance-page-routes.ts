import type { Request } from 'express';
import { isTimeZone, parseLocalTime } from '../../../facts/rules/maintenance-time.ts';
import { readBody } from '../api/operation.ts';
import { askBriefly } from '../ask-journal.ts';
import { HttpProblem } from '../http-problem.ts';
import type { Page } from '../pages/layout.ts';
import { maintenancePage } from '../pages/maintenance-page.ts';
import { formOf, parseFormBody } from '../request-body.ts';
import type { WebContext } from '../web-context.ts';
import { pathWindow } from './maintenance-routes.ts';
import { get, post, type Route } from './route.ts';

const PATH = '/maintenance';
const ACTIONS_SHOWN_MAX = 20;

/** Maintenance windows for people. */
export function maintenancePageRoutes(context: WebContext): readonly Route[] {
  const { callerOf, maintenanceOnRequest, requireAdmin, sendPage } = context;
  return [
    get(PATH, async (request, response) => {
      sendPage(response, await showMaintenance(context, request));
    }),
    post(PATH, parseFormBody, requireAdmin, async (request, response) => {
      const body = readBody(bodyOfForm(formOf(request)), 'NewMaintenance');
      await maintenanceOnRequest.plan(body, callerOf(request));
      response.redirect(303, PATH);
    }),
    post(`${PATH}/:id/cancel`, parseFormBody, requireAdmin, async (request, response) => {
      const order = readBody(formOf(request), 'Order');
      await maintenanceOnRequest.cancel(pathWindow(request), order, callerOf(request));
      response.redirect(303, PATH);
    }),
  ];
}

async function showMaintenance(context: WebContext, request: Request): Promise<Page> {
  const { clock, journal, maintenance, servers } = context;
  const history = await askBriefly(context, () =>
    journal.findActions({ kinds: ['maintenance'], limit: ACTIONS_SHOWN_MAX }),
  );
  return maintenancePage({
    windows: maintenance.windows(),
    history,
    servers: servers.views().map(({ name }) => name),
    access: context.changeAccessOf(request),
    hasJournal: journal.state().status !== 'off',
    nowMs: clock.nowMs(),
  });
}

/** The body that the API takes: a form has a time zone beside its times, and a list with one entry is its entry. */
function bodyOfForm(form: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { servers, days, from, to, time_zone: timeZone = 'UTC', start, until, ...rest } = form;
  const chosen = servers === undefined ? {} : { servers: listOf(servers) };
  if (from !== undefined || to !== undefined || days !== undefined) {
    const ofWeek = days === undefined ? {} : { days: listOf(days) };
    return { ...rest, ...chosen, recurring: { ...ofWeek, from, to, time_zone: timeZone } };
  }
  return {
    ...rest,
    ...chosen,
    ...(start !== undefined && { start: instantOf('start', start, timeZone) }),
    ...(until !== undefined && { until: instantOf('until', until, timeZone) }),
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** Throws a 400. */
function instantOf(name: 'start' | 'until', given: unknown, timeZone: unknown): string {
  if (typeof timeZone !== 'string' || !isTimeZone(timeZone))
    throw new HttpProblem(400, 'time_zone must be an IANA time zone, such as Europe/Berlin.');
  const text = typeof given === 'string' ? given : '';
  const atMs = parseLocalTime(text, timeZone, name === 'start' ? 'first' : 'last');
  if (atMs === undefined)
    throw new HttpProblem(400, `${name} must be a date and time, such as 2026-12-01T22:00.`);
  return new Date(atMs).toISOString();
}
