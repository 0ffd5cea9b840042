import {
  type MaintenanceTime,
  type MaintenanceWindow,
  type Occurrence,
  type PlannedWindow,
  type RecurringTime,
  type Weekday,
  WEEKDAYS,
} from '../maintenance.ts';
import { asEpochMs, type EpochMs, latest } from '../time.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** The rarest days, such as a Sunday that is the 31st of a month, come within a year; a leap day within eight. */
const DAYS_AHEAD_MAX = 8 * 366;
/** Occurrences that follow without a gap are joined up to about this many days. */
const JOINED_DAYS_MAX = 8;

/** `HH:MM` */
export const HOUR_PATTERN = /^(?:[01]\d|2[0-3]):[0-5]\d$/;
/** The same, and the end of a day. */
export const END_HOUR_PATTERN = /^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/;
const MONTH_DAYS_PATTERN = /^-?\d{1,2}(?::-?\d{1,2})?$/;

/** Days since 1970-01-01, of the calendar and not of a time zone. */
type DayNumber = number;

/** @returns `undefined` for a window that has ended */
export function assessWindow(window: MaintenanceWindow, nowMs: EpochMs): PlannedWindow | undefined {
  const occurrence = findOccurrence(window.time, nowMs);
  return occurrence && { window, occurrence, isActive: occurrence.startsAtMs <= nowMs };
}

/** @returns the occurrence that contains `nowMs`, or else the next one; `undefined` if none is left */
export function findOccurrence(time: MaintenanceTime, nowMs: EpochMs): Occurrence | undefined {
  if (time.kind === 'once') {
    const { startsAtMs, endsAtMs } = time;
    return nowMs < endsAtMs ? { startsAtMs, endsAtMs } : undefined;
  }
  const offsetAt = createOffsets(time.timeZone);
  const today = dayOf(nowMs + offsetAt(nowMs));
  // That of yesterday may reach into today.
  for (let day = today - 1; day < today + DAYS_AHEAD_MAX; day += 1) {
    if (!isOn(time, day)) continue;
    const found = occurrenceOn(day, time, offsetAt);
    if (found.endsAtMs > nowMs) return join(found, day, time, offsetAt);
  }
  return undefined;
}

/** A weekend is one occurrence, not two. */
function join(
  first: Occurrence,
  firstDay: DayNumber,
  time: RecurringTime,
  offsetAt: OffsetAt,
): Occurrence {
  let { endsAtMs } = first;
  for (let day = firstDay + 1; day < firstDay + JOINED_DAYS_MAX; day += 1) {
    if (!isOn(time, day)) break;
    const next = occurrenceOn(day, time, offsetAt);
    if (next.startsAtMs > endsAtMs) break;
    endsAtMs = latest(endsAtMs, next.endsAtMs);
  }
  return { startsAtMs: first.startsAtMs, endsAtMs };
}

function occurrenceOn(day: DayNumber, { from, to }: RecurringTime, offsetAt: OffsetAt): Occurrence {
  const endDay = minuteOf(to) > minuteOf(from) ? day : day + 1;
  return {
    startsAtMs: instantOf(day, minuteOf(from), 'first', offsetAt),
    endsAtMs: instantOf(endDay, minuteOf(to), 'last', offsetAt),
  };
}

function isOn({ days, daysOfMonth }: RecurringTime, day: DayNumber): boolean {
  const weekday = WEEKDAYS[new Date(day * DAY_MS).getUTCDay()];
  if (weekday === undefined || !days.includes(weekday)) return false;
  return daysOfMonth === undefined || daysOfMonth.some((range) => isInMonthRange(range, day));
}

function isInMonthRange(range: string, day: DayNumber): boolean {
  const date = new Date(day * DAY_MS);
  const length = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  const ofMonth = (bound: number): number => (bound < 0 ? length + 1 + bound : bound);
  const [first = 0, last = first] = range.split(':').map(Number);
  return date.getUTCDate() >= ofMonth(first) && date.getUTCDate() <= ofMonth(last);
}

/**
 * The instant at which clocks of a time zone show a date and time. When they go back, a time comes twice: `which` chooses.
 * When they go forward, a time that is left out is read with the offset before (RFC 5545 §3.3.5).
 */
function instantOf(
  day: DayNumber,
  minute: number,
  which: 'first' | 'last',
  offsetAt: OffsetAt,
): EpochMs {
  const shownMs = day * DAY_MS + minute * MINUTE_MS;
  // No offset is a whole day.
  const before = offsetAt(shownMs - DAY_MS);
  const after = offsetAt(shownMs + DAY_MS);
  if (before === after) return asEpochMs(shownMs - before);
  const meant = [shownMs - before, shownMs - after].filter(
    (atMs) => atMs + offsetAt(atMs) === shownMs,
  );
  if (meant.length === 0) return asEpochMs(shownMs - before);
  return asEpochMs(which === 'first' ? Math.min(...meant) : Math.max(...meant));
}

/**
 * A date and time as people write them, such as `2026-12-01T22:00`, in a time zone.
 * @param which of two instants, if clocks show the time twice
 * @returns `undefined` if it is no such text
 */
export function parseLocalTime(
  text: string,
  timeZone: string,
  which: 'first' | 'last',
): EpochMs | undefined {
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d):(\d\d)(?::00)?$/.exec(text);
  if (!match) return undefined;
  const [, date = '', hours = '', minutes = ''] = match;
  const dayMs = Date.parse(`${date}T00:00:00Z`);
  const minute = Number(hours) * 60 + Number(minutes);
  if (Number.isNaN(dayMs) || Number(hours) > 23 || Number(minutes) > 59) return undefined;
  return instantOf(dayOf(dayMs), minute, which, createOffsets(timeZone));
}

/** What clocks of a time zone are ahead of UTC, in milliseconds. */
type OffsetAt = (atMs: number) => number;

function createOffsets(timeZone: string): OffsetAt {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (atMs) => {
    const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
    const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
    const shownMs = Date.UTC(
      part('year'),
      part('month') - 1,
      part('day'),
      part('hour'),
      part('minute'),
      part('second'),
    );
    return shownMs - Math.floor(atMs / 1_000) * 1_000;
  };
}

/** Whether clocks of this IANA time zone can be read here. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function dayOf(ms: number): DayNumber {
  return Math.floor(ms / DAY_MS);
}

/** `09:30` → 570 */
function minuteOf(hour: string): number {
  const [hours = 0, minutes = 0] = hour.split(':').map(Number);
  return hours * 60 + minutes;
}

/** `sunday` or `monday:friday` → the days; `undefined` for anything else. */
export function parseDays(text: string): readonly Weekday[] | undefined {
  const [first, last = first, ...more] = text.split(':');
  const from = WEEKDAYS.findIndex((day) => day === first);
  const to = WEEKDAYS.findIndex((day) => day === last);
  if (from < 0 || to < 0 || more.length > 0) return undefined;
  const count = ((to - from + 7) % 7) + 1;
  return Array.from({ length: count }, (_, index) => WEEKDAYS[(from + index) % 7] as Weekday);
}

/** Whether the text is a day of the month or a range of them: `8`, `8:14`, `-1`, `-7:-1`. */
export function isMonthRange(text: string): boolean {
  if (!MONTH_DAYS_PATTERN.test(text)) return false;
  const [first = 0, last = first] = text.split(':').map(Number);
  const isDay = (day: number): boolean => day !== 0 && Math.abs(day) <= 31;
  // Across the sign, the length of the month decides.
  return isDay(first) && isDay(last) && (Math.sign(first) !== Math.sign(last) || first <= last);
}
