import type { EpochMs } from './time.ts';

export const WEEKDAYS = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const;
export type Weekday = (typeof WEEKDAYS)[number];

export interface OneOffTime {
  readonly kind: 'once';
  readonly startsAtMs: EpochMs;
  readonly endsAtMs: EpochMs;
}

/** The same hours on some days, again and again. A day must be one of `days` and of `daysOfMonth`. */
export interface RecurringTime {
  readonly kind: 'recurring';
  readonly days: readonly Weekday[];
  /** `8`, `8:14`, `-1` or `-7:-1`, where -1 is the last day of the month; absent for all. */
  readonly daysOfMonth?: readonly string[];
  /** `HH:MM`. */
  readonly from: string;
  /** `HH:MM`, or `24:00` for the end of the day. Not later than `from`: on the day after. */
  readonly to: string;
  /** IANA name. */
  readonly timeZone: string;
}

export type MaintenanceTime = OneOffTime | RecurringTime;

/** A planned time in which servers may fail: checks and calls go on, their alerts are inhibited. */
export interface MaintenanceWindow {
  readonly id: string;
  /** Where it was planned. */
  readonly source: 'config' | 'api';
  /** Names; absent for all servers. */
  readonly servers?: readonly string[];
  readonly time: MaintenanceTime;
  /** Who planned it. */
  readonly by: string;
  /** Empty if none was given. */
  readonly reason: string;
}

/** One time of a window, or several that follow one another without a gap. */
export interface Occurrence {
  readonly startsAtMs: EpochMs;
  readonly endsAtMs: EpochMs;
}

/** A window that has not ended, with its current or else its next occurrence. */
export interface PlannedWindow {
  readonly window: MaintenanceWindow;
  readonly occurrence: Occurrence;
  readonly isActive: boolean;
}

/** Why a server is in maintenance now. */
export interface ActiveMaintenance {
  readonly sinceMs: EpochMs;
  /** When the last of the windows that are active now ends. */
  readonly untilMs: EpochMs;
  /** Who planned it. */
  readonly by: string;
  /** Empty if none was given. */
  readonly reason: string;
}

/** Windows that the API keeps at once. */
export const API_WINDOWS_MAX = 500;
/** The longest window, and the longest time to its start. */
export const WINDOW_MS_MAX = 366 * 24 * 60 * 60_000;

/** Why the alerts of a server are inhibited, for a person. */
export function describeMaintenance({
  by,
  reason,
}: Pick<ActiveMaintenance, 'by' | 'reason'>): string {
  return reason === '' ? `maintenance by ${by}` : `maintenance by ${by}: ${reason}`;
}
