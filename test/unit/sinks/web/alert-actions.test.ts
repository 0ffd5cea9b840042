import { expect, test } from 'vitest';
import type { AlertRecord } from '../../../../src/facts/ports/alert-store.ts';
import type {
  ActionOnAlert,
  AlertmanagerCommands,
  SilenceOrder,
  TestAlertOrder,
} from '../../../../src/facts/ports/commands.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';
import { Secret } from '../../../../src/facts/secret.ts';
import type { HttpAppDeps } from '../../../../src/sinks/web/ports.ts';
import { exampleAlerts } from '../../../browser/example-alerts.ts';
import { buildAlert } from '../../../fakes/build-alert.ts';
import { buildDetail, fakeHttpDeps, NOW_MS } from './fake-http-deps.ts';
import { type Call, collapse, serveApp } from './serve-app.ts';

const { firing, history } = exampleAlerts();
const MINUTE_MS = 60_000;

/** An app whose journal holds the example alerts, with or without an Alertmanager. */
async function setUp(
  alertmanager: Partial<AlertmanagerCommands> | undefined = {},
  overrides: Partial<HttpAppDeps> = {},
) {
  const silenced: SilenceOrder[] = [];
  const ended: SilenceOrder['labels'][] = [];
  const sent: TestAlertOrder[] = [];
  const taken: ActionOnAlert[] = [];
  const fake = fakeHttpDeps([buildDetail('search')]);
  const records = new Map([...firing, ...history].map((alert) => [alert.id, alert]));
  const app = await serveApp({
    ...fake.deps,
    alerts: {
      ...fake.deps.alerts,
      find: async ({ id, state }) =>
        [...records.values()].filter(
          (alert) =>
            (id === undefined || alert.id === id) &&
            (state === undefined || (alert.endsAtMs === undefined) === (state === 'firing')),
        ),
      async addAction({ id, ...action }) {
        taken.push({ id, ...action });
        const alert = records.get(id);
        const actions = [...(alert?.actions ?? []), { atMs: asEpochMs(NOW_MS), ...action }];
        if (alert) records.set(id, { ...alert, actions });
        return alert !== undefined;
      },
    },
    ...(alertmanager && {
      alertmanager: {
        async silenceAlert(order) {
          silenced.push(order);
        },
        async endSilences(labels) {
          ended.push(labels);
        },
        async sendTestAlert(order) {
          sent.push(order);
          return {
            receivers: ['history', 'mail'],
            isSilenced: false,
            isInhibited: false,
            endsAtMs: asEpochMs(NOW_MS + 2 * MINUTE_MS),
          };
        },
        ...alertmanager,
      },
    }),
    ...overrides,
  });
  return { app, fake, silenced, ended, sent, taken };
}

function post(body: unknown, headers: Readonly<Record<string, string>> = {}): Call {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
}

function form(fields: Readonly<Record<string, string>>): Call {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  };
}

test('acknowledging silences the labels of the alert and records who, until when and why', async () => {
  const { app, silenced, taken } = await setUp();
  const answer = await app.call(
    '/api/v1/alerts/12/acknowledge',
    post({ by: 'ann', reason: 'on it', duration: '30m' }),
  );
  expect(answer.status).toBe(200);
  const untilMs = NOW_MS + 30 * MINUTE_MS;
  const by = 'ann, via 127.0.0.1';
  expect(silenced).toEqual([{ labels: firing[0]?.labels, untilMs, by, comment: 'on it' }]);
  expect(taken).toEqual([{ id: 12, kind: 'acknowledge', by, text: 'on it', untilMs }]);
  expect(JSON.parse(answer.body)).toMatchObject({
    silenced: { kind: 'acknowledge', by, until: '2026-11-21T09:45:00.000Z', reason: 'on it' },
  });
});

test('an acknowledgement without a body lasts four hours', async () => {
  const { app, silenced } = await setUp();
  expect((await app.call('/api/v1/alerts/12/acknowledge', { method: 'POST' })).status).toBe(200);
  expect(silenced).toMatchObject([{ untilMs: NOW_MS + 240 * MINUTE_MS, by: '127.0.0.1' }]);
  expect(silenced[0]?.comment).toBe('Acknowledged on the pages of mcp-exporter');
});

test.each([
  ['a silence without an end', '/api/v1/alerts/12/silence', {}, 400, 'duration or until must'],
  [
    'both ends',
    '/api/v1/alerts/12/silence',
    { duration: '1h', until: '2026-11-28T13:45:00Z' },
    400,
    'until must not',
  ],
  ['a misspelled key', '/api/v1/alerts/12/acknowledge', { durration: '1h' }, 400, 'durration'],
  [
    'an end in the past',
    '/api/v1/alerts/12/silence',
    { until: '2020-01-01T00:00:00Z' },
    400,
    'future',
  ],
  ['a resolved alert', `/api/v1/alerts/${history[0]?.id}/acknowledge`, {}, 409, 'resolved'],
  ['an unknown alert', '/api/v1/alerts/99/acknowledge', {}, 404, 'No alert'],
  ['an unknown severity', '/api/v1/alerts/test', { severity: 'loud' }, 400, 'severity'],
])('%s is refused and changes nothing', async (_what, path, body, status, detail) => {
  const { app, silenced, sent, taken } = await setUp();
  const answer = await app.call(path, post(body));
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(answer.body).toContain(detail);
  expect([silenced, sent, taken]).toEqual([[], [], []]);
});

test('without an Alertmanager the API says so, and pages have no forms for it', async () => {
  const fake = fakeHttpDeps([]);
  const alerts = { ...fake.deps.alerts, find: async () => [...firing] };
  const app = await serveApp({ ...fake.deps, alerts });
  for (const path of ['12/acknowledge', 'test']) {
    const answer = await app.call(`/api/v1/alerts/${path}`, post({}));
    expect(answer.status).toBe(409);
    expect(answer.body).toContain('alertmanager.url');
  }
  const silence = await app.call('/api/v1/alerts/12/silence', post({ duration: '1h' }));
  expect(silence.status).toBe(409);
  for (const path of ['/alerts', '/alerts/12'])
    expect((await app.call(path)).body).not.toMatch(/Acknowledge|test alert/i);
});

test('changes need the admin token', async () => {
  const { app, silenced, sent } = await setUp({}, { adminToken: new Secret('s3cret') });
  for (const path of ['12/acknowledge', '12/silence', '12/unsilence', 'test'])
    expect((await app.call(`/api/v1/alerts/${path}`, post({}))).status).toBe(401);
  expect([silenced, sent]).toEqual([[], []]);
  const answer = await app.call('/alerts/12/acknowledge', form({ token: 's3cret', by: '' }));
  expect(answer.status).toBe(303);
  expect(silenced).toHaveLength(1);
});

test('where Alertmanager refuses, nothing is recorded', async () => {
  const refuse = () => Promise.reject(new Error('Alertmanager answered 503: no'));
  const { app, taken, fake } = await setUp({ silenceAlert: refuse, sendTestAlert: refuse });
  const silence = await app.call('/api/v1/alerts/12/silence', post({ duration: '1h' }));
  expect(silence.status).toBe(502);
  expect(silence.body).toContain('Alertmanager answered 503: no');
  expect((await app.call('/api/v1/alerts/test', post({}))).status).toBe(502);
  expect([taken, fake.actions]).toEqual([[], []]);
});

test('the form silences for the chosen time, and rows and page then say who did and until when', async () => {
  const { app } = await setUp();
  expect(collapse((await app.call('/alerts')).body)).toContain('/alerts/12#acknowledge');
  const answer = await app.call(
    '/alerts/12/silence',
    form({ by: 'ann', reason: '', duration: '1h' }),
  );
  expect(answer.status).toBe(303);
  expect(answer.headers['location']).toBe('/alerts/12');
  const page = collapse((await app.call('/alerts/12')).body);
  expect(page).toMatch(/Silenced by <strong><bdi>ann, via 127\.0\.0\.1<\/bdi>/);
  expect(page).toContain('until 2026-11-21 10:15:00 UTC');
  const list = collapse((await app.call('/alerts')).body);
  expect(list).toMatch(/Silenced by <bdi>ann, via 127\.0\.0\.1<\/bdi>, ends/);
  expect(list).not.toContain('/alerts/12#acknowledge');
});

test('what was silenced can be ended before its time, by whom is recorded, and it can be silenced again', async () => {
  const { app, ended, taken } = await setUp();
  const early = await app.call('/api/v1/alerts/12/unsilence', { method: 'POST' });
  expect(early.status).toBe(409);
  expect((await app.call('/alerts/12')).body).not.toContain('End now');
  await app.call('/api/v1/alerts/12/acknowledge', post({ duration: '1h' }));
  await app.call('/api/v1/alerts/12/silence', post({ duration: '4h' }));
  expect((await app.call('/alerts/12')).body).toContain('action="/alerts/12/unsilence"');

  const answer = await app.call('/alerts/12/unsilence', form({ by: 'ann' }));

  expect([answer.status, answer.headers['location']]).toEqual([303, '/alerts/12']);
  expect(ended).toEqual([firing[0]?.labels]);
  expect(taken.at(-1)).toEqual({ id: 12, kind: 'unsilence', by: 'ann, via 127.0.0.1', text: '' });
  const page = collapse((await app.call('/alerts/12')).body);
  expect(page).not.toContain('notifications resume');
  expect(page).toContain('Silence ended');
  const again = await app.call('/api/v1/alerts/12/silence', post({ duration: '1h' }));
  expect(JSON.parse(again.body)).toMatchObject({ silenced: { kind: 'silence' } });
});

test('where Alertmanager does not end a silence, nothing is recorded', async () => {
  const endSilences = () => Promise.reject(new Error('Alertmanager answered 503: no'));
  const { app, taken } = await setUp({ endSilences });
  await app.call('/api/v1/alerts/12/silence', post({ duration: '1h' }));
  expect((await app.call('/api/v1/alerts/12/unsilence', post({}))).status).toBe(502);
  expect(taken.map(({ kind }) => kind)).toEqual(['silence']);
});

test('a test alert reports its receivers and that the webhook got it', async () => {
  const { app, fake, sent } = await setUp();
  const answering = app.call('/api/v1/alerts/test', post({ by: 'ann' }));
  while (sent.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const labels = { test_id: sent[0]?.id ?? '' };
  fake.hub.publish(buildAlert({ alertname: 'McpTestAlert', labels: { test_id: 'another' } }));
  fake.hub.publish(buildAlert({ alertname: 'McpTestAlert', labels }));
  const answer = await answering;
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toMatchObject({
    test_id: sent[0]?.id,
    severity: 'warning',
    receivers: ['history', 'mail'],
    silenced: false,
    webhook: { received: true },
  });
  expect(sent).toMatchObject([{ severity: 'warning', by: 'ann, via 127.0.0.1' }]);
  expect(fake.actions).toEqual([
    {
      kind: 'test_alert',
      server: '',
      by: 'ann, via 127.0.0.1',
      text: 'warning, routed to history, mail, received by the webhook',
    },
  ]);
});

test('a test alert that does not arrive is waited for 20 seconds, one at a time', async () => {
  const { app, fake, sent } = await setUp();
  const answering = app.call('/alerts/test', form({ severity: 'critical', by: '' }));
  while (sent.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const second = await app.call('/api/v1/alerts/test', post({}));
  expect(second.status).toBe(409);
  expect(second.body).toContain('on its way');
  await fake.clock.advance(20_000);
  expect(collapse((await answering).body)).toContain('No notification arrived here within 20.0 s');
  expect(sent).toMatchObject([{ severity: 'critical' }]);
});

test('a silenced test alert is not waited for', async () => {
  const { app } = await setUp({
    sendTestAlert: async () => ({
      receivers: ['mail'],
      isSilenced: true,
      isInhibited: false,
      endsAtMs: asEpochMs(NOW_MS),
    }),
  });
  const answer = JSON.parse((await app.call('/api/v1/alerts/test', post({}))).body) as object;
  expect(answer).toMatchObject({ silenced: true, webhook: { received: false } });
});

test('a note has an author in front of what is known of the request', async () => {
  const { app, taken } = await setUp();
  const noted = await app.call('/api/v1/alerts/12/notes', post({ text: 'seen', by: 'ann' }));
  expect(noted.status).toBe(201);
  await app.call('/alerts/12/notes', form({ text: 'seen too', by: 'bob' }));
  expect(taken.map(({ kind, by, text }) => [kind, by, text])).toEqual([
    ['note', 'ann, via 127.0.0.1', 'seen'],
    ['note', 'bob, via 127.0.0.1', 'seen too'],
  ]);
  const lost = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'seen' };
  expect((await app.call('/api/v1/alerts/12/notes', lost)).status).toBe(415);
});

test('a silence that has ended, and one of an alert that has ended, are not shown', async () => {
  const action = { kind: 'silence', by: 'ann', text: '', atMs: asEpochMs(NOW_MS - 1) } as const;
  const shown = async (change: Partial<AlertRecord>, endMs: number): Promise<unknown> => {
    const untilMs = asEpochMs(endMs);
    const alert = { ...firing[0], ...change, actions: [{ ...action, untilMs }] } as AlertRecord;
    const fake = fakeHttpDeps([]);
    const app = await serveApp({
      ...fake.deps,
      alerts: { ...fake.deps.alerts, find: async () => [alert] },
    });
    return JSON.parse((await app.call('/api/v1/alerts/12')).body).silenced as unknown;
  };
  expect(await shown({}, NOW_MS + 1)).toMatchObject({ kind: 'silence', by: 'ann' });
  expect(await shown({}, NOW_MS)).toBeUndefined();
  expect(await shown({ endsAtMs: asEpochMs(NOW_MS) }, NOW_MS + 1)).toBeUndefined();
});
