import { type MaintenanceTime, WEEKDAYS } from '../maintenance.ts';
import type { EpochMs } from '../time.ts';

/** When a window is, for a person: `2026-12-01 22:00 to 2026-12-02 02:00 UTC`, `sunday 02:00 to 04:00 Europe/Berlin`. */
export function describeTime(time: MaintenanceTime): string {
  if (time.kind === 'once')
    return `${minuteText(time.startsAtMs)} to ${minuteText(time.endsAtMs)} UTC`;
  const { days, daysOfMonth, from, to, timeZone } = time;
  const ofMonth =
    daysOfMonth === undefined ? '' : ` on days ${daysOfMonth.join(', ')} of the month`;
  return `${daysText(days)}${ofMonth}, ${from} to ${to} ${timeZone}`;
}

function daysText(days: readonly string[]): string {
  if (WEEKDAYS.every((day) => days.includes(day))) return 'every day';
  return WEEKDAYS.filter((day) => days.includes(day)).join(', ');
}

/** `2026-12-01 22:00` */
function minuteText(atMs: EpochMs): string {
  return new Date(atMs).toISOString().slice(0, 16).replace('T', ' ');
}
