import type { JsonObject } from '../../facts/json-object.ts';
import type { ActiveMaintenance, MaintenanceTime, PlannedWindow } from '../../facts/maintenance.ts';

/** A window as the API shows it. */
export function maintenanceJson({ window, occurrence, isActive }: PlannedWindow): JsonObject {
  const { id, source, servers, time, by, reason } = window;
  return {
    id,
    source,
    servers,
    by,
    reason,
    active: isActive,
    start: new Date(occurrence.startsAtMs).toISOString(),
    until: new Date(occurrence.endsAtMs).toISOString(),
    recurring: recurringJson(time),
  };
}

function recurringJson(time: MaintenanceTime): JsonObject | undefined {
  if (time.kind === 'once') return undefined;
  const { days, daysOfMonth, from, to, timeZone } = time;
  return { days, days_of_month: daysOfMonth, from, to, time_zone: timeZone };
}

/** Why a server is in maintenance, as a part of the server. */
export function maintenanceMark(active: ActiveMaintenance | undefined): JsonObject | undefined {
  if (!active) return undefined;
  const { sinceMs, untilMs, by, reason } = active;
  return {
    since: new Date(sinceMs).toISOString(),
    until: new Date(untilMs).toISOString(),
    by,
    reason,
  };
}
