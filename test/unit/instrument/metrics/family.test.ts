import { Counter, Registry } from 'prom-client';
import { Registry as OldRegistry } from 'prom-client-15';
import { expect, test } from 'vitest';
import { activeSessions, requestDuration, requestErrors } from '../../../../src/catalog/gateway.ts';
import { createRegistry } from '../../../../src/instrument/metrics/create-registry.ts';
import { histogramFamily, valueFamily } from '../../../../src/instrument/metrics/family.ts';
import type { MetricRegistry } from '../../../../src/instrument/metrics/metric-registry.ts';

const REGISTRIES: [string, () => MetricRegistry][] = [
  ['the library', createRegistry],
  ['@prometheus-io/client', () => new Registry()],
  ['prom-client 15', () => new OldRegistry()],
];
const OWN = { server: 'a"b\\c\n', tool: 'x', operation: 'tools/call' };
const ROUTE = { method: 'POST', endpoint: '/tools/call' };

function fill(registry: MetricRegistry): void {
  valueFamily(registry, requestErrors).series({ ...OWN, error_type: 'timeout' }).value += 2;
  valueFamily(registry, activeSessions).series({ server: 's', transport: 'http' }).value -= 1;
  const duration = histogramFamily(registry, requestDuration).series({ ...OWN, ...ROUTE });
  duration.observe(0.005);
  duration.observe(0.2, 'abc');
  duration.observe(500);
}

const linesOf = (page: string): string[] => page.split('\n').filter((line) => line !== '');

test.each(REGISTRIES)(
  'a registry of %s shows counters, gauges and histograms',
  async (_name, create) => {
    const registry = create();
    fill(registry);
    const page = linesOf(await registry.metrics());
    const own = String.raw`server="a\"b\\c\n",tool="x",operation="tools/call"`;
    const labels = `${own},method="POST",endpoint="/tools/call"`;
    expect(page).toContain('# TYPE mcp_request_errors_total counter');
    expect(page).toContain(`mcp_request_errors_total{${own},error_type="timeout"} 2`);
    expect(page).toContain('mcp_active_sessions{server="s",transport="http"} -1');
    expect(page).toContain(`mcp_request_duration_seconds_bucket{${labels},le="0.005"} 1`);
    expect(page).toContain(`mcp_request_duration_seconds_bucket{${labels},le="0.1"} 1`);
    expect(page).toContain(`mcp_request_duration_seconds_bucket{${labels},le="0.25"} 2`);
    expect(page).toContain(`mcp_request_duration_seconds_bucket{${labels},le="120.0"} 2`);
    expect(page).toContain(`mcp_request_duration_seconds_bucket{${labels},le="+Inf"} 3`);
    expect(page).toContain(`mcp_request_duration_seconds_count{${labels}} 3`);
    expect(page).toContain(`mcp_request_duration_seconds_sum{${labels}} 500.205`);
  },
);

test('all registries show the same page', async () => {
  const pages = await Promise.all(
    REGISTRIES.map(async ([, create]) => {
      const registry = create();
      fill(registry);
      return linesOf(await registry.metrics());
    }),
  );
  expect(pages[1]).toEqual(pages[0]);
  expect(pages[2]).toEqual(pages[0]);
});

test('OpenMetrics has exemplars and ends with its mark, in registries of clients too', async () => {
  const own = createRegistry();
  fill(own);
  const current = new Registry();
  current.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  fill(current);
  const old = new OldRegistry();
  old.setContentType(OldRegistry.OPENMETRICS_CONTENT_TYPE as never);
  fill(old);
  for (const text of [await own.render(true), await current.metrics(), await old.metrics()]) {
    const page = linesOf(text);
    expect(page.at(-1)).toBe('# EOF');
    expect(page).toContain('# TYPE mcp_request_errors counter');
    expect(page.find((line) => line.startsWith('mcp_request_errors_total{'))).toMatch(/ 2$/);
    const bucket = page.find((line) => line.includes('le="0.25"'));
    expect(bucket).toMatch(/ 2 # \{trace_id="abc"\} 0\.2 \d+/);
  }
});

test('two parts of a program share a family, and a metric of the author with its name is an error', () => {
  const registry = new Registry();
  const labels = { server: 's', transport: 'http' };
  expect(valueFamily(registry, activeSessions).series(labels)).toBe(
    valueFamily(registry, activeSessions).series(labels),
  );
  const name = requestErrors.name;
  const counter = new Counter({ name, help: 'Own.', registers: [registry] });
  expect(counter).toBeDefined();
  expect(() => valueFamily(registry, requestErrors)).toThrow(
    /already has a metric mcp_request_errors_total/,
  );
});

test('a client that resets its metrics resets these too', async () => {
  const registry = new Registry();
  fill(registry);
  registry.resetMetrics();
  expect(linesOf(await registry.metrics()).filter((line) => !line.startsWith('#'))).toEqual([]);
});
