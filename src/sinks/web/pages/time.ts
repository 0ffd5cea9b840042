import { formatClock, formatInstant, formatSpan, formatTimeOfDay } from '../format.ts';
import { type Html, html } from '../html.ts';

/** `ago`: `12 s ago`; `for`: `12 s`, of a state that lasts; `in`: `in 12 s`. */
export type TimeForm = 'ago' | 'for' | 'in';

/** Relative for reading, absolute in UTC as title; `times.js` keeps it ticking. */
export function relativeTime(atMs: number, nowMs: number, form: TimeForm): Html {
  return timeElement(atMs, form, describe(atMs, nowMs, form));
}

/** Date and time in UTC; `times.js` shows it in the zone of the reader. */
export function absoluteTime(atMs: number): Html {
  return timeElement(atMs, 'instant', formatInstant(atMs));
}

/** Without seconds, likewise. */
export function minuteTime(atMs: number): Html {
  return timeElement(atMs, 'minute', formatInstant(atMs).replace(/:\d\d UTC$/, ' UTC'));
}

/** The time of day, likewise. */
export function timeOfDay(atMs: number): Html {
  return timeElement(atMs, 'clock', formatTimeOfDay(atMs));
}

/** Relative, and beside it the time of day, or the day where that would be ambiguous. */
export function timeWithClock(atMs: number, nowMs: number): Html {
  const isDay = formatClock(atMs, nowMs) !== formatTimeOfDay(atMs);
  const clock = timeElement(atMs, isDay ? 'day' : 'clock', formatClock(atMs, nowMs));
  return html`${relativeTime(atMs, nowMs, 'ago')}<span class="clock">${clock}</span>`;
}

function timeElement(atMs: number, form: string, text: string): Html {
  return html`<time
    datetime="${new Date(atMs).toISOString()}"
    title="${formatInstant(atMs)}"
    data-form="${form}"
    >${text}</time
  >`;
}

function describe(atMs: number, nowMs: number, form: TimeForm): string {
  switch (form) {
    case 'ago':
      return nowMs - atMs < 1_000 ? 'just now' : `${formatSpan(nowMs - atMs)} ago`;
    case 'for':
      return formatSpan(nowMs - atMs);
    case 'in':
      return atMs - nowMs < 1_000 ? 'now' : `in ${formatSpan(atMs - nowMs)}`;
  }
}
