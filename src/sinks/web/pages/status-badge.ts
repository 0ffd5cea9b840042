import type { Status } from '../../../facts/rules/health.ts';
import { type Html, html } from '../html.ts';

export const STATUS_WORDS: Readonly<Record<Status, string>> = {
  healthy: 'Healthy',
  warning: 'Warning',
  critical: 'Critical',
  offline: 'Offline',
  disabled: 'Disabled',
  unknown: 'Unknown',
};

/** A shape of its own for each status, so that colour is never the only sign. */
const SHAPES: Readonly<Record<Status, Html>> = {
  healthy: html`<circle cx="8" cy="8" r="7" /><path class="cut" d="m4.8 8.3 2.2 2.2 4.2-4.6" />`,
  warning: html`<path d="M8 1.2 15.4 14.4H.6z" /><path class="cut" d="M8 6v4m0 1.6v.4" />`,
  critical: html`<path d="m8 .4 7.6 7.6L8 15.6.4 8z" /><path class="cut" d="M8 4.4v4.4m0 2v.4" />`,
  offline: html`<rect x="1.2" y="1.2" width="13.6" height="13.6" rx="2.4" /><path
      class="cut"
      d="m5.2 5.2 5.6 5.6m0-5.6-5.6 5.6"
    />`,
  disabled: html`<path d="M3.4 2h3.2v12H3.4zM9.4 2h3.2v12H9.4z" />`,
  unknown: html`<circle class="ring" cx="8" cy="8" r="6" />`,
};

export function statusIcon(status: Status): Html {
  return html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">${SHAPES[status]}</svg>`;
}

export function statusBadge(status: Status): Html {
  return html`<span class="badge is-${status}">${statusIcon(status)}${STATUS_WORDS[status]}</span>`;
}
