import type { Status } from '../../../facts/rules/health.ts';
import { type Html, html } from '../html.ts';
import { statusIcon } from './status-badge.ts';

/** A severity looks like the status that is as bad; the word is always beside it. */
const LOOKS: Readonly<Record<string, { readonly look: Status; readonly word: string }>> = {
  critical: { look: 'offline', word: 'Critical' },
  warning: { look: 'warning', word: 'Warning' },
  info: { look: 'unknown', word: 'Info' },
};

export function severityLook(severity: string): Status {
  return Object.hasOwn(LOOKS, severity) ? (LOOKS[severity]?.look ?? 'disabled') : 'disabled';
}

export function severityBadge(severity: string): Html {
  const look = severityLook(severity);
  const word = Object.hasOwn(LOOKS, severity) ? LOOKS[severity]?.word : severity;
  return html`<span class="badge is-${look}"
    >${statusIcon(severity === 'critical' ? 'critical' : look)}<bdi>${word || 'None'}</bdi></span
  >`;
}
