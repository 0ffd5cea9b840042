import type { ActiveMaintenance } from '../../../facts/maintenance.ts';
import { type Html, html } from '../html.ts';
import { relativeTime } from './time.ts';

/** Beside a server that is in maintenance. */
export function maintenanceNote({ untilMs, by, reason }: ActiveMaintenance, nowMs: number): Html {
  return html`<span class="maintenance"
    ><a href="/maintenance">In maintenance</a> · ends ${relativeTime(untilMs, nowMs, 'in')} · by
    <bdi>${by}</bdi>${reason !== '' && html`: <bdi>${reason}</bdi>`}</span
  >`;
}
