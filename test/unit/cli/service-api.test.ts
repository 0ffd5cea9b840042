import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { run } from '../../../src/cli/run.ts';
import { createFakeContext } from '../../fakes/fake-context.ts';

interface Asked {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A listener that answers in turn, the last answer again and again. */
async function answering(
  ...answers: readonly { readonly status?: number; readonly body: unknown }[]
): Promise<{ readonly url: string; readonly asked: readonly Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const answer = answers[Math.min(asked.length, answers.length - 1)];
      asked.push({ url: `${request.method} ${request.url}`, headers: request.headers, body });
      const text = typeof answer?.body === 'string' ? answer.body : JSON.stringify(answer?.body);
      response.writeHead(answer?.status ?? 200).end(text);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function command(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const context = createFakeContext({ env });
  const code = await run(args, context);
  return { code, out: context.out(), err: context.err() };
}

test('a service that is not running is reported with what to do', async () => {
  const { code, out, err } = await command(['status', '--url', 'http://127.0.0.1:1']);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(
    /^mcp-exporter: no service answers at http:\/\/127\.0\.0\.1:1\. Is it running\? --url or --config says where\./,
  );
});

test('another program at the address is reported', async () => {
  const { url } = await answering({ body: '<html>' });
  expect((await command(['status', '--url', url])).err).toBe(
    `mcp-exporter: what answers at ${url} is not mcp-exporter (status 200)\n`,
  );
});

test('without credentials, a refusal says how to give them', async () => {
  const { url, asked } = await answering({ status: 401, body: { detail: 'Who are you?' } });
  const args = ['disable', 'files', '--url', url];
  expect(await command(args)).toMatchObject({
    code: 1,
    err: 'mcp-exporter: Who are you? Set MCP_EXPORTER_TOKEN, or MCP_EXPORTER_USER and MCP_EXPORTER_PASSWORD, or use --token-file.\n',
  });
  expect((await command(args, { MCP_EXPORTER_TOKEN: 't' })).err).toBe(
    'mcp-exporter: Who are you?\n',
  );
  const user = { MCP_EXPORTER_USER: 'ann', MCP_EXPORTER_PASSWORD: 'p' };
  await command(args, user);
  expect(asked.map(({ headers }) => headers.authorization)).toEqual([
    undefined,
    'Bearer t',
    `Basic ${Buffer.from('ann:p').toString('base64')}`,
  ]);
});

test('a detail cannot move the cursor of the terminal', async () => {
  const { url } = await answering({ status: 409, body: { detail: 'a\u001b[2Jb' } });
  expect((await command(['enable', 'files', '--url', url])).err).toBe('mcp-exporter: a�[2Jb\n');
});

test('disable sends end, reason and author; a local time becomes UTC', async () => {
  const { url, asked } = await answering({ body: { changed: true, kept: false } });
  const env = { USER: 'ann' };
  const { out } = await command(
    ['disable', 'a/b', '--for', '1h30m', '--reason', 'moves', '--url', url],
    env,
  );
  expect(out).toBe(
    'a/b is disabled until it is enabled\nThe journal does not have it: it ends with the service.\n',
  );
  await command(['disable', 'x', '--until', '2026-11-28T18:00+02:00', '--by', 'bob', '--url', url]);
  expect(asked.map(({ url: path, body }) => [path, JSON.parse(body)])).toEqual([
    ['POST /api/v1/mcp/servers/a%2Fb/disable', { reason: 'moves', by: 'ann', duration: '1h30m' }],
    ['POST /api/v1/mcp/servers/x/disable', { by: 'bob', until: '2026-11-28T16:00:00.000Z' }],
  ]);
});

test('status reads every page of the list', async () => {
  const server = (name: string) => ({ name, status: 'healthy', reason: '' });
  const { url, asked } = await answering(
    { body: { servers: [server('a')], total: 2, next_cursor: 'a b' } },
    { body: { servers: [server('b')], total: 2 } },
  );
  expect((await command(['status', '--names', '--url', url])).out).toBe('a\nb\n');
  expect(asked.map((each) => each.url)).toEqual([
    'GET /api/v1/mcp/servers?limit=1000',
    'GET /api/v1/mcp/servers?limit=1000&cursor=a%20b',
  ]);
});

test('the check of all joins the checks until the service has every result', async () => {
  const report = { kind: 'steady', outcome: 'ok', duration_seconds: 0.0123 };
  const { url, asked } = await answering(
    { status: 202, body: { checked: 1, total: 2 } },
    { body: { checked: 2, total: 2, servers: [{ server: 'a', reports: [report] }] } },
  );
  expect(await command(['check', '--all', '--url', url])).toEqual({
    code: 0,
    out: 'a  steady: ok, 12ms\n',
    err: 'mcp-exporter: 1 of 2 servers checked\n',
  });
  expect(asked).toHaveLength(2);
});

test.each([
  [['check'], 'give either the name of a server or --all'],
  [['check', 'files', '--all'], 'give either the name of a server or --all'],
  [['disable', 'files', '--for', '5'], 'It must be a duration with its unit'],
  [['disable', 'files', '--until', 'tomorrow'], 'It must be a time'],
  [['disable', 'files', '--for', '1h', '--until', '2026-11-28T18:00'], 'cannot be used with'],
  [['disable'], "missing required argument 'name'"],
])('%j is a mistake of usage', async (args, message) => {
  expect(await command(args)).toMatchObject({
    code: 2,
    err: expect.stringContaining(message) as string,
  });
});

test('a token file that cannot be read is reported', async () => {
  expect(await command(['status', '--token-file', '/nowhere/token'])).toMatchObject({
    code: 1,
    err: 'mcp-exporter: /nowhere/token does not exist\n',
  });
});
