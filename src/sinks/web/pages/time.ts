import { formatInstant, formatSpan } from '../format.ts';
import { type Html, html } from '../html.ts';

/** `ago`: `12 s ago`; `for`: `12 s`, of a state that lasts; `in`: `in 12 s`. */
export type TimeForm = 'ago' | 'for' | 'in';

/** Relative for reading, absolute in UTC as title; `live.js` keeps it ticking. */
export function relativeTime(atMs: number, nowMs: number, form: TimeForm): Html {
  return html`<time
    datetime="${new Date(atMs).toISOString()}"
    title="${formatInstant(atMs)}"
    data-form="${form}"
    >${describe(atMs, nowMs, form)}</time
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
