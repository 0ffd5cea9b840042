import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { makeCertificate } from './make-certificate.ts';
import { startServer, watchUrl } from './http-setup.ts';

const DAY_MS = 24 * 60 * 60_000;

test('a self-signed certificate is tls, and initialize is not tried after it', async () => {
  const server = await startServer({ tls: makeCertificate() });
  const report = await watchUrl(server.url).check();
  expect(report).toMatchObject({ outcome: 'tls' });
  expect(report.detail).toContain('self-signed');
  expect(report.steps).toHaveLength(1);
  await server.socketsGone();
});

test.each([
  ['trusted by the configuration', true],
  ['accepted without verification', false],
])('a self-signed certificate that is %s passes, and its expiry is known', async (_, isTrusted) => {
  const tls = makeCertificate({ days: 2 });
  const server = await startServer({ tls });
  const target = isTrusted ? { tlsCa: tls.cert } : { tlsSkipVerify: true };
  const { check, inspect, connection } = watchUrl(server.url, { target });
  const first = await check();
  expect(first).toMatchObject({ outcome: 'ok' });
  expect(first.phasesMs.tls).toBeGreaterThan(0);
  expect(first.phasesMs.connect).toBeGreaterThan(0);
  expect(first.tlsExpiresAtMs).toBeGreaterThan(Date.now() + DAY_MS);
  expect(first.tlsExpiresAtMs).toBeLessThan(Date.now() + 3 * DAY_MS);
  const second = await check();
  expect(second.phasesMs.tls).toBeUndefined();
  expect(second.tlsExpiresAtMs).toBe(first.tlsExpiresAtMs);
  const deep = await inspect();
  expect(deep).toMatchObject({ outcome: 'ok', tlsExpiresAtMs: first.tlsExpiresAtMs });
  await connection.close();
  await server.socketsGone();
});

test('a certificate for another host is tls', async () => {
  const tls = makeCertificate({ altName: 'DNS:elsewhere.example' });
  const server = await startServer({ tls });
  const report = await watchUrl(server.url, { target: { tlsCa: tls.cert } }).check();
  expect(report).toMatchObject({ outcome: 'tls' });
  expect(report.detail).toContain('another host name');
});

test('an expired certificate is tls', async () => {
  const tls = makeCertificate({ days: -1 });
  const server = await startServer({ tls });
  const report = await watchUrl(server.url, { target: { tlsCa: tls.cert } }).check();
  expect(report).toMatchObject({ outcome: 'tls' });
  expect(report.detail).toContain('expired');
});

test('TLS spoken to a plain port is tls, with a hint', async () => {
  const server = await startServer();
  const report = await watchUrl(server.url.replace('http:', 'https:')).check();
  expect(report).toMatchObject({ outcome: 'tls' });
  expect(report.detail).toContain('does not seem to speak TLS');
});

test('plain HTTP spoken to a TLS port is reset', async () => {
  const server = await startServer({ tls: makeCertificate() });
  const report = await watchUrl(server.url.replace('https:', 'http:')).check();
  expect(report).toMatchObject({ outcome: 'reset' });
});

test('a TLS port that answers plain HTTP with an alert is recognised as one', async () => {
  const url = await startRaw((socket) => socket.end(Buffer.from([21, 3, 1, 0, 2, 2, 70])), 'http');
  const report = await watchUrl(url).check();
  expect(report).toMatchObject({ outcome: 'reset' });
  expect(report.detail).toContain('use https');
});

test('a connection that is closed during the TLS handshake is reset', async () => {
  const url = await startRaw((socket) => socket.destroy(), 'https');
  const report = await watchUrl(url).check();
  expect(report).toMatchObject({ outcome: 'reset' });
  expect(report.detail).toContain('while it was being set up');
});

async function startRaw(onData: (socket: net.Socket) => void, scheme: string): Promise<string> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => onData(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}
