import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { renderProbe } from '../../../../src/sinks/prometheus/render-probe.ts';
import {
  callRecord,
  checkReport,
  createTestMetrics,
  httpServer,
  observation,
  stdioServer,
} from './sample-facts.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';

const isPromtoolThere = spawnSync('promtool', ['--version']).status === 0;
const isSkipped = !isPromtoolThere && !process.env['CI'];
if (isSkipped) console.warn('SKIPPED: promtool is not in PATH, the metrics page was not linted');

test.skipIf(isSkipped)('promtool finds nothing to complain about on the page', async () => {
  const { metrics, publish } = createTestMetrics({
    runtimeMetrics: true,
    gateway: true,
    otelHistograms: true,
  });
  publish({ fact: 'server_added', server: httpServer('sea"rch\\\n') });
  publish({ fact: 'server_added', server: stdioServer('files') });
  publish(
    observation('files', {
      identity: {
        transport: 'stdio',
        era: 'legacy',
        protocolVersion: '2025-11-25',
        implementation: 'quote " backslash \\ line\nfeed \u0000 😀',
        version: '',
      },
    }),
  );
  publish(callRecord('files', { target: 'quote " backslash \\ | line\nfeed', costUsd: 0.5 }));
  publish({ fact: 'session', server: 'files', transport: 'http', durationMs: 5 });
  publish({ fact: 'child_start', server: 'files', pid: 1, startMs: 5 });
  publish({ fact: 'reload', atMs: asEpochMs(0), ok: true, detail: '' });
  const { body } = await metrics.render('text/plain');

  const promtool = spawnSync('promtool', ['check', 'metrics'], { input: body, encoding: 'utf8' });
  expect(promtool.error).toBeUndefined();
  expect(promtool.stderr + promtool.stdout).toBe('');
  expect(promtool.status).toBe(0);
});

test.skipIf(isSkipped)(
  'promtool finds nothing to complain about on the page of /probe',
  async () => {
    const { body } = await renderProbe([checkReport()], 'text/plain');
    const promtool = spawnSync('promtool', ['check', 'metrics'], { input: body, encoding: 'utf8' });
    expect([promtool.status, promtool.stderr]).toEqual([0, '']);
  },
);

test.skipIf(isSkipped)('promtool does complain about a page with a wrong name', () => {
  const input = '# HELP lines_total Lines.\n# TYPE lines_total gauge\nlines_total 1\n';
  expect(spawnSync('promtool', ['check', 'metrics'], { input }).status).toBe(3);
});
