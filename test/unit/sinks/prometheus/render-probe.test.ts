import { expect, test } from 'vitest';
import { TARGET_METRICS } from '../../../../src/catalog/target.ts';
import { renderProbe } from '../../../../src/sinks/prometheus/render-probe.ts';
import { readPage, valueOf } from './read-page.ts';
import { checkReport, START_MS } from './sample-facts.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';

async function probePage(...parameters: Parameters<typeof renderProbe>) {
  return readPage((await renderProbe(...parameters)).body);
}

const identity = {
  transport: 'http',
  era: 'modern',
  protocolVersion: '2026-07-28',
  implementation: 'x'.repeat(500),
  version: '1.0.0',
} as const;

test('two good checks give success, their time together, and what the server said', async () => {
  const page = await probePage(
    [
      checkReport({ durationMs: 200, phasesMs: { connect: 50 }, identity, httpStatus: 200 }),
      checkReport({
        kind: 'deep',
        durationMs: 300,
        phasesMs: { connect: 25, list: 100 },
        tlsExpiresAtMs: asEpochMs(START_MS),
        snapshot: {
          takenAtMs: asEpochMs(0),
          lists: { tools: { definitions: [{ name: 'a', hash: '', description: '' }], bytes: 9 } },
        },
      }),
    ],
    undefined,
  );
  expect([...page.keys()]).toEqual(TARGET_METRICS.map(({ name }) => name));
  expect(valueOf(page, 'probe_success')).toBe(1);
  expect(valueOf(page, 'probe_duration_seconds')).toBe(0.5);
  expect(valueOf(page, 'probe_outcome', { outcome: 'ok' })).toBe(1);
  expect(valueOf(page, 'probe_phase_duration_seconds', { phase: 'connect' })).toBe(0.075);
  expect(valueOf(page, 'probe_phase_duration_seconds', { phase: 'spawn' })).toBe(0);
  expect(valueOf(page, 'probe_http_status_code')).toBe(200);
  expect(valueOf(page, 'probe_tls_cert_expiry_timestamp_seconds')).toBe(START_MS / 1000);
  expect(valueOf(page, 'probe_capabilities', { kind: 'tools' })).toBe(1);
  expect(valueOf(page, 'probe_capabilities', { kind: 'prompts' })).toBe(0);
  const [info] = page.get('probe_server_info')?.samples ?? [];
  expect(info?.labels).toMatchObject({ era: 'modern', implementation: 'x'.repeat(128) });
});

test('the first failure is the outcome, and what is not known is absent', async () => {
  const page = await probePage(
    [checkReport(), checkReport({ outcome: 'tool_error' }), checkReport({ outcome: 'timeout' })],
    undefined,
  );
  expect(valueOf(page, 'probe_success')).toBe(0);
  const outcomes = page.get('probe_outcome')?.samples.filter(({ value }) => value === 1);
  expect(outcomes?.map(({ labels }) => labels['outcome'])).toEqual(['tool_error']);
  for (const metric of TARGET_METRICS.filter(({ absentUntilKnown }) => absentUntilKnown)) {
    expect(page.get(metric.name)?.samples, metric.name).toEqual([]);
  }
});

test('no report at all is a timeout', async () => {
  const page = await probePage([], undefined);
  expect(valueOf(page, 'probe_success')).toBe(0);
  expect(valueOf(page, 'probe_outcome', { outcome: 'timeout' })).toBe(1);
});

test('the page comes in the format that was asked for', async () => {
  const page = await renderProbe([checkReport()], 'application/openmetrics-text');
  expect(page.contentType).toMatch(/^application\/openmetrics-text/);
  expect(page.body.endsWith('# EOF\n')).toBe(true);
});
