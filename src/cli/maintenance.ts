import { isJsonObject, type JsonObject } from '../facts/json-object.ts';
import type { CommandContext, ExitCode } from './command-context.ts';
import { formatTable } from './format-table.ts';
import { runRequest, type ServiceCommandOptions } from './service-api.ts';
import { objects } from './show-status.ts';
import { stripControls } from './strip-controls.ts';
import { textField } from './text-field.ts';

const PATH = '/api/v1/maintenance';

interface Order extends ServiceCommandOptions {
  readonly reason?: string;
  readonly by?: string;
}

export interface AddWindowOptions extends Order {
  /** Empty for all servers. */
  readonly names: readonly string[];
  /** A time with its zone; now if absent. */
  readonly start?: string;
  /** A duration, as the API takes it. */
  readonly for?: string;
  /** A time with its zone. */
  readonly until?: string;
  /** Of a recurring window: `HH:MM`. */
  readonly from?: string;
  readonly to?: string;
  readonly days?: readonly string[];
  readonly daysOfMonth?: readonly string[];
  readonly timeZone?: string;
}

/** Prints the windows that have not ended. */
export function listWindows(
  options: ServiceCommandOptions,
  context: CommandContext,
): Promise<ExitCode> {
  return runRequest(options, context, ['GET', PATH], ({ windows }) => {
    const found = objects(windows);
    if (found.length === 0) return 'no maintenance windows';
    const rows = found.map((window) => [
      textField(window, 'id'),
      window['active'] === true ? 'active' : 'planned',
      textField(window, 'start'),
      textField(window, 'until'),
      serversOf(window),
      recurrenceOf(window),
      textField(window, 'by'),
      textField(window, 'reason'),
    ]);
    return formatTable([
      ['ID', 'STATE', 'START', 'UNTIL', 'SERVERS', 'RECURS', 'BY', 'REASON'],
      ...rows,
    ]);
  });
}

/** Plans a window. */
export function addWindow(
  { names, reason, by, start, for: duration, until, ...rest }: AddWindowOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { from, to, days, daysOfMonth, timeZone, ...options } = rest;
  const recurring = {
    ...(days && { days }),
    ...(daysOfMonth && { days_of_month: daysOfMonth }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(timeZone !== undefined && { time_zone: timeZone }),
  };
  const body = {
    ...(names.length > 0 && { servers: names }),
    ...(reason !== undefined && { reason }),
    ...(by !== undefined && { by }),
    ...(start !== undefined && { start }),
    ...(duration !== undefined && { duration }),
    ...(until !== undefined && { until }),
    ...(Object.keys(recurring).length > 0 && { recurring }),
  };
  return runRequest(options, context, ['POST', PATH, body], (window) => describe('is', window));
}

/** Cancels a window; one that is active ends. */
export function cancelWindow(
  { id, reason, by, ...options }: Order & { readonly id: string },
  context: CommandContext,
): Promise<ExitCode> {
  const query = new URLSearchParams({
    ...(reason !== undefined && { reason }),
    ...(by !== undefined && { by }),
  });
  const path = `${PATH}/${encodeURIComponent(id)}${query.size > 0 ? `?${query.toString()}` : ''}`;
  return runRequest(options, context, ['DELETE', path], (window) => describe('was', window));
}

function describe(verb: 'is' | 'was', window: JsonObject): string {
  const state = verb === 'was' ? 'cancelled' : window['active'] === true ? 'active' : 'planned';
  const recurrence = recurrenceOf(window);
  const when = `${textField(window, 'start')} to ${textField(window, 'until')}`;
  return `window ${textField(window, 'id')} ${verb} ${state} for ${serversOf(window)}: ${when}${recurrence === '' ? '' : `, ${recurrence}`}`;
}

function serversOf({ servers }: JsonObject): string {
  return Array.isArray(servers) ? stripControls(servers.map(String).join(',')) : 'all servers';
}

function recurrenceOf({ recurring }: JsonObject): string {
  if (!isJsonObject(recurring)) return '';
  const list = (name: string): string => {
    const value = recurring[name];
    return Array.isArray(value) ? value.map(String).join(',') : '';
  };
  const ofMonth = list('days_of_month');
  const hours = `${textField(recurring, 'from')}-${textField(recurring, 'to')} ${textField(recurring, 'time_zone')}`;
  return `${list('days')}${ofMonth === '' ? '' : ` on days ${ofMonth}`} ${hours}`;
}
