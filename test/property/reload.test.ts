import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createHub } from '../../src/facts/hub.ts';
import { Secret } from '../../src/facts/secret.ts';
import type { ServerSpec } from '../../src/facts/server.ts';
import { createMetrics } from '../../src/sinks/prometheus/metrics.ts';
import { createProber } from '../../src/sources/probe/prober.ts';
import { buildCall } from '../fakes/build-call.ts';
import { buildServer } from '../fakes/build-server.ts';
import { createFakeClock } from '../fakes/fake-clock.ts';
import { createFakeConnector } from '../fakes/fake-connector.ts';

const NAMES = ['a', 'b'] as const;

/** Settings of every class: thresholds, intervals, timeouts, flags, address, credentials, transport. */
const spec = (name: string): fc.Arbitrary<ServerSpec> =>
  fc
    .record({
      monitor: fc.record({
        enabled: fc.boolean(),
        intervalMs: fc.constantFrom(10_000, 30_000),
        timeoutMs: fc.constantFrom(1_000, 5_000),
        startTimeoutMs: fc.constantFrom(2_000, 10_000),
        deepIntervalMs: fc.constantFrom(60_000, 600_000),
        offlineAfter: fc.constantFrom(1, 3),
        era: fc.constantFrom('auto' as const, 'modern' as const),
        responseTime: fc.constantFrom(
          { warningMs: 500, criticalMs: 1_000 },
          { warningMs: 1, criticalMs: 2 },
        ),
      }),
      gateway: fc.record({ enabled: fc.boolean(), timeoutMs: fc.constantFrom(1_000, 300_000) }),
      path: fc.constantFrom('x', 'y'),
      token: fc.constantFrom('1', '2'),
      isStdio: fc.boolean(),
    })
    .map(({ monitor, gateway, path, token, isStdio }) =>
      buildServer(name, {
        monitor,
        gateway,
        target: isStdio
          ? { kind: 'stdio', command: path, args: [], env: { T: new Secret(token) } }
          : {
              kind: 'http',
              url: `http://127.0.0.1:9/${path}`,
              transport: 'auto',
              headers: { T: new Secret(token) },
              tlsSkipVerify: false,
            },
      }),
    );

const configuration = fc.tuple(...NAMES.map(spec));

/** The counters of a page: `name{labels}` → value. */
function countersOf(page: string): ReadonlyMap<string, number> {
  const counters = new Map<string, number>();
  for (const line of page.split('\n')) {
    const [series, value] = line.split(/ (?=[^ ]+$)/);
    if (series === undefined || line.startsWith('#')) continue;
    if (/_(?:total|count|sum|bucket)(?:\{|$)/.test(series)) counters.set(series, Number(value));
  }
  return counters;
}

test('no counter of a server that stays goes down or away, whatever a reload changes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(configuration, { minLength: 2, maxLength: 5 }), async (steps) => {
      const clock = createFakeClock();
      const hub = createHub((error) => {
        throw error;
      });
      const connector = createFakeConnector({ clock });
      connector.script('b', (_kind, count) => (count % 4 === 3 ? { outcome: 'refused' } : {}));
      const prober = createProber({ connector, clock, random: () => 0.5, hub, concurrency: 8 });
      const metrics = createMetrics({
        hub,
        clock,
        version: '0',
        gateway: true,
        runtimeMetrics: false,
        views: { servers: prober },
      });
      let before: ReadonlyMap<string, number> = new Map();
      let checks = 0;
      for (const servers of steps) {
        prober.apply(servers);
        await clock.advance(45_000);
        for (const server of NAMES) hub.publish(buildCall({ server }));
        const page = (await metrics.render(undefined)).body;
        const now = countersOf(page);
        for (const [series, value] of before)
          expect(now.get(series) ?? `${series} is gone`).toBeGreaterThanOrEqual(value);
        const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
        const series = lines.map((line) => line.replace(/ [^ ]+$/, ''));
        expect(new Set(series).size).toBe(series.length);
        const info = series.filter((line) => line.startsWith('mcp_server_info{'));
        expect(info).toHaveLength(NAMES.length);
        const seen = prober.views().reduce((sum, view) => sum + view.checks, 0);
        expect(seen).toBeGreaterThanOrEqual(checks);
        checks = seen;
        before = now;
      }
      metrics.stop();
      const stopped = prober.stop();
      await clock.advance(20_000);
      await stopped;
    }),
    { numRuns: 40 },
  );
});
