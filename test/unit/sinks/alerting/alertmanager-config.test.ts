import { expect, test } from 'vitest';
import { renderAlertmanagerConfig } from '../../../../src/sinks/alerting/alertmanager-config.ts';
import { alertingOf, ALL, PARTS } from '../../../rules/support/alerting.ts';

interface Rendered {
  readonly receivers: readonly (Readonly<Record<string, unknown>> & { readonly name: string })[];
  readonly route: { readonly routes: readonly Readonly<Record<string, unknown>>[] };
  readonly inhibit_rules: readonly {
    readonly source_matchers: readonly string[];
    readonly target_matchers: readonly string[];
    readonly equal?: readonly string[];
  }[];
}

function render(config = ALL): Rendered {
  return renderAlertmanagerConfig(config) as unknown as Rendered;
}

test.each([
  ['email', PARTS.email, 'email_configs'],
  ['webhooks', PARTS.webhooks, 'webhook_configs'],
  ['slack', PARTS.slack, 'slack_configs'],
])('%s alone is in every receiver that notifies, and nothing else is', (_, part, key) => {
  const { receivers } = render(alertingOf(part));
  const kinds = receivers.flatMap((receiver) => Object.keys(receiver).filter((k) => k !== 'name'));
  expect(new Set(kinds)).toEqual(new Set([key]));
  expect(kinds).toHaveLength(3);
});

test('only critical alerts go to PagerDuty, and those that name it', () => {
  const paged = render(alertingOf(PARTS.pagerduty)).receivers.filter((receiver) =>
    Object.hasOwn(receiver, 'pagerduty_configs'),
  );
  expect(paged.map(({ name }) => name)).toEqual(['critical', 'only-pagerduty']);
});

test('every route leads to a receiver, and the last one takes everything', () => {
  const { receivers, route } = render();
  const names = new Set(receivers.map(({ name }) => name));
  for (const { receiver } of route.routes) expect(names).toContain(receiver);
  expect(route.routes.at(-1)).toEqual({ receiver: 'warning' });
});

test('business hours make only warnings wait', () => {
  const waiting = render().route.routes.filter((route) =>
    Object.hasOwn(route, 'active_time_intervals'),
  );
  expect(waiting.map(({ receiver }) => receiver)).toEqual(['warning']);
  expect(JSON.stringify(render(alertingOf(PARTS.email)))).not.toContain('time_intervals');
});

test('two alerts that lack a label are never taken for alerts about the same thing', () => {
  for (const { source_matchers: source, target_matchers: target, equal = [] } of render()
    .inhibit_rules) {
    // All that these two are about has both labels.
    if (source.includes('alertname="CriticalErrorRate"')) continue;
    const last = equal.at(-1);
    if (last !== undefined) expect(target).toContain(`${last}!=""`);
  }
});

test('a secret is never in the file, only the name of its own', () => {
  const text = JSON.stringify(render());
  for (const name of ['smtp_auth_password_file', 'api_url_file', 'routing_key_file', 'url_file'])
    expect(text + JSON.stringify(render(alertingOf(PARTS.emailWithLogin)))).toContain(name);
  expect(text).not.toMatch(/"(?:smtp_auth_password|api_url|routing_key|credentials)":/);
});
