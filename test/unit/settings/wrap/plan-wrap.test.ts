import { expect, test } from 'vitest';
import { planWrap, type WrapRequest } from '../../../../src/settings/wrap/plan-wrap.ts';

const CLIENT = JSON.stringify({
  mcpServers: {
    program: { command: 'node' },
    open: { url: 'http://open:3000/mcp' },
    events: { type: 'sse', url: 'http://events:3000/sse', headers: { 'X-Trace': 'on' } },
    token: { url: 'http://token:3000/mcp', headers: { Authorization: 'Bearer t' } },
    key: { url: 'http://key:3000/mcp?api_key=k' },
    password: { url: 'http://ada:p@password:3000/mcp' },
  },
});

async function plan(given: Partial<WrapRequest> = {}) {
  const result = await planWrap({
    clientFile: '/home/dev/.mcp.json',
    clientText: CLIENT,
    ownFile: '/home/dev/mcp-exporter.yml',
    ownText: undefined,
    names: [],
    program: ['/usr/bin/node', '/opt/main.js'],
    env: {},
    ...given,
  });
  if (!result.ok) throw new Error(result.message);
  return result.plan;
}

const asked = ({ toAsk }: Awaited<ReturnType<typeof plan>>) => toAsk.map(({ name }) => name);

test('remote servers that are moved and have no credentials are to be asked', async () => {
  expect(asked(await plan())).toEqual(['open', 'events']);
  expect(asked(await plan({ names: ['events', 'token'] }))).toEqual(['events']);
});

test.each([
  ['import: [.mcp.json]\ngateway: { authorization: rewrite }\n', []],
  [
    'import: [.mcp.json]\nmcpServers: { open: { gateway: { authorization: rewrite } } }\n',
    ['events'],
  ],
  ['import: [.mcp.json]\nmcpServers: { events: { auth: { oauth2: {} } } }\n', ['open']],
])('of the configuration %j are to be asked: %j', async (ownText, names) => {
  expect(asked(await plan({ ownText }))).toEqual(names);
});

test('a server is asked through the proxy of the environment', async () => {
  const [open] = (await plan({ env: { HTTP_PROXY: 'http://proxy:3128' } })).toAsk;
  expect(open?.target).toHaveProperty('proxy');
});

test.each([
  'defaults: { proxy: http://proxy:3128 }\n',
  'defaults: { tls: { insecureSkipVerify: true } }\n',
])('what our file says of all connections (%j) is no reason to leave an entry', async (ownText) => {
  expect((await plan({ ownText })).left).toEqual([]);
});

test('an entry that is to be left stays with its reason, and all others are moved', async () => {
  const left = [{ name: 'open', why: 'it wants OAuth' }];
  const { moved, ownText, clientText, ...rest } = await plan({ left });
  expect(moved).toEqual(['program', 'events', 'token', 'key', 'password']);
  expect(rest.left).toEqual(left);
  expect(asked({ moved, ownText, clientText, ...rest })).toEqual(['events']);
  expect(ownText).not.toContain('open:3000');
  expect(JSON.parse(clientText)).toMatchObject({
    mcpServers: { open: { url: 'http://open:3000/mcp' } },
  });
});
