import { expect, test } from 'vitest';
import { asMonotonicMs } from '../../../../src/facts/time.ts';
import { createClientNames } from '../../../../src/sources/gateway/client-names.ts';
import type { Carrier } from '../../../../src/sources/gateway/exchange.ts';

type Caller = Pick<Carrier, 'request' | 'user'>;

const IDLE_MS = 1_000;
const EDITOR = { client: { name: 'editor', version: '1' } };
const AGENT = { client: { name: 'agent', version: '1' } };

function connection(remoteAddress = '10.0.0.1'): { readonly remoteAddress: string } {
  return { remoteAddress };
}

interface From {
  readonly socket?: { readonly remoteAddress: string };
  readonly headers?: Readonly<Record<string, string>>;
  readonly httpVersion?: string;
  readonly user?: string;
}

function from({ socket = connection(), headers = {}, httpVersion = '1.1', user }: From): Caller {
  return { request: { socket, headers, httpVersion }, ...(user !== undefined && { user }) };
}

function setUp() {
  const names = createClientNames(IDLE_MS);
  let nowMs = 0;
  const at = () => asMonotonicMs(nowMs);
  return {
    remember: (caller: Caller, opening: typeof EDITOR) => names.remember(caller, opening, at()),
    nameOf: (caller: Caller) => names.find(caller, at())?.client?.name,
    wait: (ms: number) => void (nowMs += ms),
  };
}

test('a client is known on all connections of its address', () => {
  const { remember, nameOf } = setUp();
  remember(from({}), EDITOR);
  expect(nameOf(from({ socket: connection() }))).toBe('editor');
});

test('two clients of one address and User-Agent have no name, even on the connections of their initialize', () => {
  const { remember, nameOf } = setUp();
  const [one, two] = [connection(), connection()];
  remember(from({ socket: one }), EDITOR);
  remember(from({ socket: two }), AGENT);
  remember(from({ socket: one }), EDITOR);
  expect([nameOf(from({ socket: one })), nameOf(from({ socket: two }))]).toEqual([
    undefined,
    undefined,
  ]);
});

test('a client that initializes again keeps its name', () => {
  const { remember, nameOf } = setUp();
  remember(from({}), EDITOR);
  remember(from({}), EDITOR);
  expect(nameOf(from({}))).toBe('editor');
});

test.each<[string, From, From]>([
  ['another address', {}, { socket: connection('10.0.0.2') }],
  ['another User-Agent', { headers: { 'user-agent': 'a' } }, { headers: { 'user-agent': 'b' } }],
  ['another user', { user: 'alice' }, { user: 'bob' }],
  ['no user', { user: 'alice' }, {}],
])('a request of %s has no name', (_case, first, second) => {
  const { remember, nameOf } = setUp();
  remember(from(first), EDITOR);
  expect(nameOf(from(first))).toBe('editor');
  expect(nameOf(from(second))).toBeUndefined();
});

test.each<[string, From]>([
  ['by X-Forwarded-For', { headers: { 'x-forwarded-for': '10.0.0.7' } }],
  ['by Via', { headers: { via: '1.1 proxy' } }],
  ['by HTTP/1.0', { httpVersion: '1.0' }],
])('a proxy that shows %s names nobody but authenticated users', (_case, proxied) => {
  const { remember, nameOf } = setUp();
  const socket = connection();
  remember(from({ ...proxied, socket }), EDITOR);
  expect(nameOf(from({ ...proxied, socket }))).toBeUndefined();
  remember(from({ ...proxied, socket, user: 'alice' }), AGENT);
  expect(nameOf(from({ ...proxied, socket, user: 'alice' }))).toBe('agent');
  expect(nameOf(from({ ...proxied, socket, user: 'bob' }))).toBeUndefined();
});

test('a user with two clients has no name', () => {
  const { remember, nameOf } = setUp();
  remember(from({ user: 'alice' }), EDITOR);
  remember(from({ user: 'alice' }), AGENT);
  expect(nameOf(from({ user: 'alice' }))).toBeUndefined();
});

test('a user or address is forgotten after the idle time, which each request begins anew', () => {
  const { remember, nameOf, wait } = setUp();
  remember(from({}), EDITOR);
  wait(IDLE_MS - 1);
  expect(nameOf(from({}))).toBe('editor');
  wait(IDLE_MS - 1);
  expect(nameOf(from({}))).toBe('editor');
  wait(IDLE_MS);
  expect(nameOf(from({}))).toBeUndefined();
});

test('of 20000 users the last 10000 are remembered', () => {
  const { remember, nameOf } = setUp();
  for (let count = 0; count < 20_000; count++) remember(from({ user: `u${count}` }), EDITOR);
  expect([nameOf(from({ user: 'u9999' })), nameOf(from({ user: 'u10000' }))]).toEqual([
    undefined,
    'editor',
  ]);
});
