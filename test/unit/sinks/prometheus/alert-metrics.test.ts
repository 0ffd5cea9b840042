import { expect, test } from 'vitest';
import { ALERT_STATES } from '../../../../src/facts/alert-event.ts';
import { KNOWN_ALERTS } from '../../../../src/catalog/known-alerts.ts';
import { buildAlert } from '../../../fakes/build-alert.ts';
import { readPage, valueOf } from './read-page.ts';
import { createTestMetrics, START_MS } from './sample-facts.ts';
import { asEpochMs, type EpochMs } from '../../../../src/facts/time.ts';

const NAME = 'mcp_alert_notifications_total';

async function scrape({ metrics }: Pick<ReturnType<typeof createTestMetrics>, 'metrics'>) {
  return readPage((await metrics.render(undefined)).body);
}

test('every alert of the shipped rules is on the page from the first scrape, and so is what has no name here', async () => {
  const { metrics } = createTestMetrics();
  const samples = (await scrape({ metrics })).get(NAME)?.samples ?? [];
  expect(KNOWN_ALERTS.length).toBeGreaterThan(20);
  expect(samples.map(({ labels }) => [labels['alertname'], labels['status']])).toEqual(
    [...KNOWN_ALERTS, '_OTHER'].flatMap((name) => ALERT_STATES.map((status) => [name, status])),
  );
  expect(samples.every(({ value }) => value === 0)).toBe(true);
});

test('notifications count by name and status, and names that nobody knows as _OTHER', async () => {
  const { metrics, publish } = createTestMetrics();
  publish(buildAlert());
  publish(buildAlert());
  publish(buildAlert({ endsAtMs: asEpochMs(START_MS) }));
  for (let index = 0; index < 500; index += 1) publish(buildAlert({ alertname: `Odd${index}` }));
  publish(buildAlert({ alertname: '__proto__' }));
  const page = await scrape({ metrics });
  const known = { alertname: 'McpServerOffline' };
  expect(valueOf(page, NAME, { ...known, status: 'firing' })).toBe(2);
  expect(valueOf(page, NAME, { ...known, status: 'resolved' })).toBe(1);
  expect(valueOf(page, NAME, { alertname: '_OTHER', status: 'firing' })).toBe(501);
  expect(page.get(NAME)?.samples).toHaveLength((KNOWN_ALERTS.length + 1) * 2);
});

test('an alert of the configuration has a name of its own, with zeros before it fires', async () => {
  const { metrics, publish } = createTestMetrics();
  publish({
    fact: 'reload',
    atMs: asEpochMs(START_MS),
    ok: true,
    detail: '',
    alertNames: ['SearchIsSlow', 'McpServerOffline'],
  });
  const before = await scrape({ metrics });
  expect(valueOf(before, NAME, { alertname: 'SearchIsSlow', status: 'firing' })).toBe(0);
  publish(buildAlert({ alertname: 'SearchIsSlow' }));
  const after = await scrape({ metrics });
  expect(valueOf(after, NAME, { alertname: 'SearchIsSlow', status: 'firing' })).toBe(1);
});

test('the Watchdog has no time until it is heard', async () => {
  const heard: { atMs?: EpochMs } = {};
  const { metrics } = createTestMetrics({
    views: { alerts: { watchdogHeardAtMs: () => heard.atMs } },
  });
  const name = 'mcp_watchdog_last_received_timestamp_seconds';
  expect((await scrape({ metrics })).get(name)?.samples).toEqual([]);
  heard.atMs = asEpochMs(START_MS);
  expect(valueOf(await scrape({ metrics }), name)).toBe(START_MS / 1_000);
});

test('the journal says how much it holds, what it lost, and whether it works', async () => {
  let usage = {
    isUp: true,
    rows: { checks: 7, status_changes: 2, alerts: 1, actions: 0 },
    sizeBytes: 4_096,
    freeBytes: 8_192,
    dropped: 0,
    writeErrors: 0,
  };
  const { metrics } = createTestMetrics({ views: { journal: { usage: () => usage } } });
  const first = await scrape({ metrics });
  expect(valueOf(first, 'mcp_exporter_journal_up')).toBe(1);
  expect(valueOf(first, 'mcp_exporter_journal_rows', { kind: 'checks' })).toBe(7);
  expect(valueOf(first, 'mcp_exporter_journal_rows', { kind: 'alerts' })).toBe(1);
  expect(valueOf(first, 'mcp_exporter_journal_size_bytes')).toBe(4_096);
  expect(valueOf(first, 'mcp_exporter_journal_free_bytes')).toBe(8_192);
  usage = { ...usage, isUp: false, dropped: 5, writeErrors: 2 };
  const second = await scrape({ metrics });
  expect(valueOf(second, 'mcp_exporter_journal_up')).toBe(0);
  expect(valueOf(second, 'mcp_exporter_journal_dropped_total')).toBe(5);
  expect(valueOf(second, 'mcp_exporter_journal_write_errors_total')).toBe(2);
});

test('where the journal is off nothing says that it is down or has no space left', async () => {
  const { metrics } = createTestMetrics({
    views: { journal: { usage: () => ({ rows: {}, sizeBytes: 0, dropped: 0, writeErrors: 0 }) } },
  });
  const page = await scrape({ metrics });
  expect(page.get('mcp_exporter_journal_up')?.samples).toEqual([]);
  expect(page.get('mcp_exporter_journal_free_bytes')?.samples).toEqual([]);
});
