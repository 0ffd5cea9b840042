import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseNotification } from '../../../../src/sources/alerts/parse-notification.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';

const RECEIVED_MS = Date.UTC(2026, 10, 21, 9, 30);

function payload(alerts: unknown, changes: object = {}): unknown {
  return { version: '4', receiver: 'history', groupKey: '{}', alerts, ...changes };
}

const FIRING = {
  status: 'firing',
  labels: { alertname: 'McpServerOffline', server: 'search' },
  annotations: { summary: 'An MCP server is offline' },
  startsAt: '2026-11-21T09:14:43.519Z',
  endsAt: '0001-01-01T00:00:00Z',
  fingerprint: '74a5e8870d37c8bc',
};

function parseOne(alert: unknown) {
  const parsed = parseNotification(payload([alert]), asEpochMs(RECEIVED_MS));
  return parsed.ok ? parsed.alerts[0] : undefined;
}

// What three releases of Alertmanager sent to a webhook when two alerts of one group fired and were resolved.
test.each([
  ['0.25.0', 2],
  ['0.28.1', 2],
  ['0.33.1', 1],
])('what Alertmanager %s sends is understood', (version, firingCount) => {
  const read = (status: string) => {
    const file = new URL(
      `../../../fixtures/alertmanager/${version}-${status}.json`,
      import.meta.url,
    );
    const parsed = parseNotification(
      JSON.parse(readFileSync(file, 'utf8')),
      asEpochMs(RECEIVED_MS),
    );
    expect(parsed).toMatchObject({ ok: true, problems: [] });
    return parsed.ok ? parsed.alerts : [];
  };
  const firing = read('firing');
  const resolved = read('resolved');
  expect(firing).toHaveLength(firingCount);
  expect(firing[0]).toMatchObject({
    fact: 'alert',
    fingerprint: 'e0b1b1a59e829fdb',
    alertname: 'McpServerOffline',
    status: 'firing',
    labels: { server: 'files', severity: 'critical' },
    startsAtMs: Date.UTC(2026, 10, 21, 9, 14, 43, 519),
    receivedAtMs: RECEIVED_MS,
    receiver: 'history',
    groupKey: '{}:{alertname="McpServerOffline", gateway="exporter:19110"}',
    value: 0.053,
    generatorUrl: 'http://prometheus.test:9090/graph?g0.expr=up',
    alertmanagerUrl: 'http://alertmanager.test:9093/',
  });
  expect(firing[0]).not.toHaveProperty('endsAtMs');
  expect(resolved).toHaveLength(2);
  expect(resolved[1]).toMatchObject({
    fingerprint: '74a5e8870d37c8bc',
    status: 'resolved',
    endsAtMs: Date.UTC(2026, 10, 21, 9, 20, 12, 4),
  });
});

test.each([
  ['https://prometheus.test/graph?g0.expr=up', 'https://prometheus.test/graph?g0.expr=up'],
  ['http://ada:s3cret@prometheus.test/graph', 'http://prometheus.test/graph'],
  ['javascript:alert(1)', undefined],
  ['data:text/html,<script>alert(1)</script>', undefined],
  ['/graph', undefined],
  [`https://prometheus.test/${'x'.repeat(5_000)}`, undefined],
  [7, undefined],
])('of the addresses in a notification only those of the web are kept: %s', (given, kept) => {
  const alert = { ...FIRING, generatorURL: given };
  const parsed = parseNotification(
    payload([alert], { externalURL: given }),
    asEpochMs(RECEIVED_MS),
  );
  const [read] = parsed.ok ? parsed.alerts : [];
  expect([read?.generatorUrl, read?.alertmanagerUrl]).toEqual([kept, kept]);
});

test.each([
  ['text', 'nonsense', 'the body must be an object'],
  ['nothing', null, 'the body must be an object'],
  ['a list', [FIRING], 'the body must be an object'],
  ['another version', payload([], { version: '3' }), 'version must be "4"'],
  ['a version that is a number', payload([], { version: 4 }), 'version must be "4"'],
  ['no list of alerts', payload(undefined), 'alerts must be a list'],
  [
    'more alerts than anybody reads',
    payload(Array.from({ length: 10_001 }, () => FIRING)),
    'more than 10000',
  ],
  ['only alerts that cannot be read', payload([{}]), 'alerts[0].status must be'],
])('%s is refused', (_what, body, problem) => {
  expect(parseNotification(body, asEpochMs(RECEIVED_MS))).toEqual({
    ok: false,
    problem: expect.stringContaining(problem) as string,
  });
});

test.each([
  ['no object', 7, 'status must be firing or resolved'],
  ['another status', { ...FIRING, status: 'pending' }, 'status must be firing or resolved'],
  [
    'labels that are no texts',
    { ...FIRING, labels: { a: 1 } },
    'labels must be an object of texts',
  ],
  ['labels that are a list', { ...FIRING, labels: [] }, 'labels must be an object of texts'],
  ['annotations that are no texts', { ...FIRING, annotations: { a: {} } }, 'annotations must be'],
  ['no start', { ...FIRING, startsAt: undefined }, 'startsAt must be a time'],
  ['a start that is no time', { ...FIRING, startsAt: 'soon' }, 'startsAt must be a time'],
  ['no end though it is over', { ...FIRING, status: 'resolved' }, 'endsAt must be a time'],
])('an alert with %s is left out, and the others are kept', (_what, alert, problem) => {
  expect(parseNotification(payload([FIRING, alert, FIRING]), asEpochMs(RECEIVED_MS))).toMatchObject(
    {
      ok: true,
      alerts: [{ fingerprint: FIRING.fingerprint }, { fingerprint: FIRING.fingerprint }],
      problems: [expect.stringContaining(`alerts[1].${problem}`) as string],
    },
  );
});

test('of many alerts that cannot be read only the first problems are told', () => {
  const parsed = parseNotification(
    payload([FIRING, ...Array.from({ length: 50 }, () => ({}))]),
    asEpochMs(RECEIVED_MS),
  );
  expect(parsed).toMatchObject({ ok: true, problems: { length: 10 } });
});

test('a notification without alerts is fine', () => {
  expect(parseNotification(payload([]), asEpochMs(RECEIVED_MS))).toEqual({
    ok: true,
    alerts: [],
    problems: [],
  });
});

test.each([
  ['0.053', 0.053],
  ['1.2345e+06', 1_234_500],
  ['-3', -3],
  ['', undefined],
  ['  ', undefined],
  ['NaN', undefined],
  ['+Inf', undefined],
  ['5.3%', undefined],
])('an annotation value of "%s" is read as %s', (value, expected) => {
  expect(parseOne({ ...FIRING, annotations: { value } })?.value).toBe(expected);
});

test('times may have more digits than a millisecond, and another zone', () => {
  const startsAt = '2026-11-21T10:14:43.519123456+01:00';
  expect(parseOne({ ...FIRING, startsAt })?.startsAtMs).toBe(
    Date.UTC(2026, 10, 21, 9, 14, 43, 519),
  );
});

test('an end before the start is the start', () => {
  const alert = parseOne({ ...FIRING, status: 'resolved', endsAt: '2026-11-21T09:00:00Z' });
  expect(alert?.endsAtMs).toBe(alert?.startsAtMs);
});

test('the end that a firing alert would have if nobody spoke of it again is no end', () => {
  const alert = parseOne({ ...FIRING, endsAt: '2026-11-21T09:34:43Z' });
  expect(alert).not.toHaveProperty('endsAtMs');
});

test('an alert without a name, annotations or a fingerprint is kept, and known by its labels', () => {
  const one = parseOne({
    ...FIRING,
    labels: { b: '2', a: '1' },
    annotations: null,
    fingerprint: '',
  });
  const other = parseOne({
    ...FIRING,
    labels: { a: '1', b: '2' },
    annotations: {},
    fingerprint: '',
  });
  expect(one).toMatchObject({ alertname: '', annotations: {} });
  expect(one?.fingerprint).toBe('[["a","1"],["b","2"]]');
  expect(one?.fingerprint).toBe(other?.fingerprint);
});

test('hostile names and long texts do no harm', () => {
  const labels = JSON.parse('{ "__proto__": "x", "constructor": "y", "alertname": "A" }') as object;
  const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`l${index}`, 'x']));
  const alert = parseOne({
    ...FIRING,
    labels,
    annotations: { summary: 'x'.repeat(10_000), ...many },
  });
  expect(Object.getPrototypeOf(alert?.labels)).toBe(Object.prototype);
  expect(alert?.labels['__proto__']).toBe('x');
  expect(alert?.annotations['summary']).toHaveLength(4_096);
  expect(Object.keys(alert?.annotations ?? {})).toHaveLength(128);
  expect(parseOne({ ...FIRING, labels: { alertname: '\ud800' } })?.alertname).toBe('\ufffd');
});
