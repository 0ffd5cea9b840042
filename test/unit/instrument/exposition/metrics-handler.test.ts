import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { Gauge, Registry } from 'prom-client';
import { afterEach, expect, test } from 'vitest';
import { healthHandler } from '../../../../src/instrument/exposition/health-handler.ts';
import { metricsHandler } from '../../../../src/instrument/exposition/metrics-handler.ts';
import { startMetricsServer } from '../../../../src/instrument/exposition/start-metrics-server.ts';
import { createRegistry } from '../../../../src/instrument/metrics/create-registry.ts';
import { valueFamily } from '../../../../src/instrument/metrics/family.ts';
import { activeSessions } from '../../../../src/catalog/gateway.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function filled<Made extends Parameters<typeof valueFamily>[0]>(registry: Made): Made {
  valueFamily(registry, activeSessions).series({ server: 's', transport: 'http' }).value = 3;
  return registry;
}

const LINE = 'mcp_active_sessions{server="s",transport="http"} 3';

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('express and node:http serve the page', async () => {
  const handler = metricsHandler({ registry: filled(createRegistry()) });
  const app = express();
  app.get('/metrics', handler);
  const addresses = [
    `${await listen(createServer(app))}/metrics`,
    await listen(createServer((request, response) => void handler(request, response))),
  ];
  for (const address of addresses) {
    const response = await fetch(address);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).toContain(LINE);
  }
});

test('a fetch-style handler answers in the format that is asked for', async () => {
  const handler = metricsHandler({ registry: filled(createRegistry()) });
  const headers = { accept: 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5' };
  const response = await handler(new Request('http://localhost/metrics', { headers }));
  expect(response.headers.get('content-type')).toContain('application/openmetrics-text');
  expect(await response.text()).toMatch(/# EOF\n$/);
  const head = await handler(new Request('http://localhost/metrics', { method: 'HEAD' }));
  expect([head.status, await head.text()]).toEqual([200, '']);
  const post = await handler(new Request('http://localhost/metrics', { method: 'POST' }));
  expect(post.status).toBe(405);
});

test("the author's own metrics are on the same page", async () => {
  const registry = filled(new Registry());
  new Gauge({ name: 'orders_open', help: 'Open orders.', registers: [registry] }).set(7);
  const response = await metricsHandler({ registry })(new Request('http://localhost/metrics'));
  const page = await response.text();
  expect(page).toContain(LINE);
  expect(page).toContain('orders_open 7');
});

test('a registry that fails is an answer with the reason', async () => {
  const registry = new Registry();
  const collect = () => {
    throw new Error('no connection to the database');
  };
  const gauge = new Gauge({ name: 'broken', help: 'Broken.', registers: [registry], collect });
  expect(gauge).toBeDefined();
  const response = await metricsHandler({ registry })(new Request('http://localhost/metrics'));
  expect([response.status, await response.text()]).toEqual([
    500,
    'no connection to the database\n',
  ]);
});

test('a port of its own serves /metrics, and /health if it is given', async () => {
  const server = await startMetricsServer({ port: 0, registry: filled(createRegistry()) });
  closing.push(() => server.close());
  expect(server.url).toBe(`http://127.0.0.1:${server.port}/metrics`);
  expect(await (await fetch(`${server.url}?x=1`)).text()).toContain(LINE);
  for (const path of ['/', '/constructor'])
    expect((await fetch(new URL(path, server.url))).status).toBe(404);
  const health = healthHandler({ version: '1.2.3', registry: createRegistry() });
  const both = await startMetricsServer({ port: 0, registry: createRegistry(), health });
  closing.push(() => both.close());
  const answer = await fetch(new URL('/health', both.url));
  expect(await answer.json()).toMatchObject({ status: 'healthy', version: '1.2.3' });
  await expect(startMetricsServer({ port: server.port })).rejects.toThrow(/EADDRINUSE/);
});
