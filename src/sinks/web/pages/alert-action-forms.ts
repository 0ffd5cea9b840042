import { TEST_SEVERITIES } from '../../../facts/alert-event.ts';
import type { AlertRecord } from '../../../facts/ports/alert-store.ts';
import type { ChangeAccess } from '../change-access.ts';
import { type Html, html } from '../html.ts';
import { findSilencing } from '../silencing.ts';
import { alertPath } from './alert-table.ts';
import { accessHint, tokenInput } from './elements.ts';
import { relativeTime } from './time.ts';

const DURATIONS = [
  ['30m', '30 minutes'],
  ['1h', '1 hour'],
  ['4h', '4 hours'],
  ['1d', '1 day'],
  ['7d', '7 days'],
] as const;

export interface AlertFormContent {
  readonly alert: AlertRecord;
  readonly nowMs: number;
  readonly access: ChangeAccess;
}

/** Acknowledging a firing alert and silencing it, with who did so last. */
export function silenceForms({ alert, nowMs, access }: AlertFormContent): Html {
  const silencing = findSilencing(alert, nowMs);
  const word = silencing?.kind === 'acknowledge' ? 'Acknowledged' : 'Silenced';
  return html`<h2 id="acknowledge">Acknowledge or silence</h2>
    ${
      silencing &&
      html`<p>
          ${word} by <strong><bdi>${silencing.by}</bdi></strong
          >; notifications resume ${relativeTime(silencing.untilMs, nowMs, 'in')}.
        </p>
        ${access.kind !== 'closed' && endForm(alert, access)}`
    }
    <p class="muted">
      Both silence this alert, and no other, in Alertmanager. Acknowledging says that you work on
      it.
    </p>
    ${accessHint(access)} ${access.kind !== 'closed' && silenceForm(alert, access)}`;
}

function endForm(alert: AlertRecord, access: ChangeAccess): Html {
  return html`<form class="note end" method="post" action="${alertPath(alert.id)}/unsilence">
    ${authorInput('unsilence-by')} ${tokenInput(access, 'unsilence-token')}
    <button type="submit">End now</button>
  </form>`;
}

function silenceForm(alert: AlertRecord, access: ChangeAccess): Html {
  const options = DURATIONS.map(
    ([value, label]) =>
      html`<option value="${value}" ${value === '4h' && html`selected`}>${label}</option>`,
  );
  return html`<form class="note" method="post" action="${alertPath(alert.id)}/acknowledge">
    ${authorInput('silence-by')} ${reasonInput('silence-reason')}
    <label for="silence-duration">For</label>
    <select id="silence-duration" name="duration">
      ${options}
    </select>
    ${tokenInput(access, 'silence-token')}
    <button type="submit">Acknowledge</button>
    <button type="submit" formaction="${alertPath(alert.id)}/silence">Silence</button>
  </form>`;
}

/** Who it is; what is known about the request is recorded anyway. */
export function authorInput(id: string): Html {
  return html`<label class="unseen" for="${id}">Your name</label>
    <input
      id="${id}"
      type="text"
      name="by"
      maxlength="128"
      placeholder="Your name (optional)"
      autocomplete="name"
    />`;
}

export function reasonInput(id: string): Html {
  return html`<label class="unseen" for="${id}">Reason</label>
    <input
      id="${id}"
      type="text"
      name="reason"
      maxlength="500"
      placeholder="Reason (optional)"
      autocomplete="off"
    />`;
}

/** Says what it will do before it is done. */
export function testAlertForm(access: ChangeAccess): Html {
  const options = TEST_SEVERITIES.map(
    (severity) => html`<option ${severity === 'warning' && html`selected`}>${severity}</option>`,
  );
  return html`<h2>Send a test alert</h2>
    <p class="muted">
      Everyone who receives alerts of the chosen severity gets a real notification, and
      <strong>critical may page people</strong>. The alert is named McpTestAlert, says that nothing
      is wrong, and is resolved after two minutes. The result shows where it was routed and whether
      it arrived here.
    </p>
    ${accessHint(access)}
    ${
      access.kind !== 'closed' &&
      html`<form class="note" method="post" action="/alerts/test">
        ${authorInput('test-by')}
        <label for="test-severity">Severity</label>
        <select id="test-severity" name="severity">
          ${options}
        </select>
        ${tokenInput(access, 'test-token')}
        <button type="submit">Send</button>
      </form>`
    }`;
}
