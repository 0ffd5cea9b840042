import { TEST_ALERT } from '../../../facts/alert-event.ts';
import { formatInstant } from '../format.ts';
import { type Html, html } from '../html.ts';
import type { TestAlertResult } from '../send-test-alert.ts';
import { factItems } from './elements.ts';
import type { Page } from './layout.ts';
import { severityBadge } from './severity.ts';

/** The result of a test alert. */
export function testAlertPage(result: TestAlertResult): Page {
  const { severity, receivers, endsAtMs } = result;
  return {
    title: 'Test alert – mcp-exporter',
    main: html`<p class="crumb"><a href="/alerts">← All alerts</a></p>
      <section class="verdict">
        <h1>The test alert was sent</h1>
        <p>${describeArrival(result)}</p>
      </section>
      <dl class="facts">
        ${factItems([
          ['Alert', html`${TEST_ALERT}`],
          ['Severity', severityBadge(severity)],
          ['Routed to', html`<bdi>${receivers.join(', ') || 'no receiver'}</bdi>`],
          ['Resolved', html`${formatInstant(endsAtMs)}`],
        ])}
      </dl>`,
  };
}

function describeArrival({
  isReceived,
  isSilenced,
  isInhibited,
  receivers,
  waitedMs,
}: TestAlertResult): Html {
  const seconds = (waitedMs / 1_000).toFixed(1);
  if (isReceived) return html`Its notification arrived here after ${seconds} s.`;
  if (isSilenced) return html`A silence of Alertmanager matches it, so nobody is notified.`;
  if (isInhibited) return html`Another alert inhibits it, so nobody is notified.`;
  if (receivers.length === 0) return html`Alertmanager routes it to no receiver.`;
  return html`No notification arrived here within ${seconds} s. Alertmanager may still wait
  (group_wait, or group_interval after an earlier test), or have no receiver that calls
  /api/v1/alerts/webhook.`;
}
