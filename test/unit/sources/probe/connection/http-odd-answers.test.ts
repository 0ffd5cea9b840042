import { expect, test } from 'vitest';
import {
  error,
  events,
  INITIALIZE_RESULT,
  type Profile,
  result,
  type Script,
  status,
  text,
  type WholeAnswer,
} from '../../../../fakes/scripted-mcp-server.ts';
import { startServer, watchUrl } from './http-setup.ts';

const STATUSES = [200, 201, 203, 206, 207, 299];
const PROFILES: readonly Profile[] = ['legacy-session', 'legacy-stateless', 'modern'];

function withStatus(code: number): (answer: WholeAnswer) => WholeAnswer {
  return (answer) => (answer.status === 200 ? { ...answer, status: code } : answer);
}

/** One message in a stream of events. */
function asEvents({ status: code, headers, body }: WholeAnswer): WholeAnswer {
  if (headers['content-type'] !== 'application/json') return { status: code, headers, body };
  const type = { 'content-type': 'text/event-stream' };
  return { status: code, headers: { ...headers, ...type }, body: `data: ${String(body)}\n\n` };
}

test.each(PROFILES.flatMap((profile) => STATUSES.map((code) => [profile, code] as const)))(
  'a %s server that answers requests with status %i is healthy, with JSON and with events',
  async (profile, code) => {
    for (const reshape of [
      withStatus(code),
      (answer: WholeAnswer) => asEvents(withStatus(code)(answer)),
    ]) {
      const server = await startServer({ profile, reshape });
      const { check, inspect, connection } = watchUrl(server.url);
      expect(await check()).toMatchObject({ outcome: 'ok' });
      expect(await check()).toMatchObject({ outcome: 'ok' });
      expect(await inspect()).toMatchObject({
        outcome: 'ok',
        snapshot: { lists: { tools: { definitions: [{ name: 'echo' }] } } },
      });
      await connection.close();
      expect(server.sessions.size).toBe(0);
    }
  },
);

/** The same answer with its id as another JSON type. */
function withIdAs(spell: (id: number) => string): (answer: WholeAnswer) => WholeAnswer {
  return ({ body, ...head }) => ({
    ...head,
    body: String(body).replace(/"id":(\d+)/, (_, id: string) => `"id":${spell(Number(id))}`),
  });
}

test.each(
  ([...PROFILES, 'sse', 'sse-modern'] as const).flatMap((profile) =>
    [
      [profile, 'as text', withIdAs((id) => `"${id}"`)] as const,
      [profile, 'as a fraction', withIdAs((id) => `${id}.0`)] as const,
      [profile, 'as text, in events', withIdAs((id) => `"${id}"`)] as const,
    ].filter(([, name]) => name !== 'as text, in events' || !profile.startsWith('sse')),
  ),
)('a %s server that sends ids back %s is healthy', async (profile, name, reshape) => {
  const inEvents = name.endsWith('events');
  const server = await startServer({
    profile,
    reshape: inEvents ? (answer) => asEvents(reshape(answer)) : reshape,
  });
  const { check, inspect } = watchUrl(server.url);
  expect(await check()).toMatchObject({ outcome: 'ok' });
  expect(await check()).toMatchObject({ outcome: 'ok' });
  expect(await inspect()).toMatchObject({ outcome: 'ok' });
});

/** The usual answer, with a body of JSON and with one of events written by `write`. */
function rewritten(
  type: string,
  write: (body: string) => string,
): (answer: WholeAnswer) => WholeAnswer {
  return ({ status: code, headers, body }) =>
    headers['content-type'] === 'application/json'
      ? {
          status: code,
          headers: { ...headers, 'content-type': type },
          body: write(String(body)),
        }
      : { status: code, headers, body };
}

const FOREIGN = '{"jsonrpc":"2.0","id":4711,"result":{}}';

test.each(
  PROFILES.flatMap((profile) =>
    (
      [
        ['a byte order mark before JSON', 'application/json', (body) => `\uFEFF${body}`],
        ['a content type with parameters', 'application/json; profile="mcp"', (body) => body],
        ['a content type in odd case', 'Application/JSON;CHARSET=UTF-8', (body) => body],
        ['text before the answer', 'text/event-stream', (body) => `data: hi\n\ndata: ${body}\n\n`],
        [
          'an answer to another request before the answer',
          'text/event-stream',
          (body) => `data: ${FOREIGN}\n\ndata: ${body}\n\n`,
        ],
        [
          'JSON that is no message before the answer',
          'Text/Event-Stream; charset=UTF-8',
          (body) => `data: {"ok":true}\n\ndata: ${body}\n\n`,
        ],
        [
          'a byte order mark before events',
          'text/event-stream',
          (body) => `\uFEFFdata: ${body}\n\n`,
        ],
      ] as const satisfies readonly (readonly [string, string, (body: string) => string])[]
    ).map((row) => [profile, ...row] as const),
  ),
)('a %s server that sends %s is healthy', async (profile, _, type, write) => {
  const server = await startServer({ profile, reshape: rewritten(type, write) });
  const { check, inspect } = watchUrl(server.url);
  expect(await check()).toMatchObject({ outcome: 'ok' });
  expect(await check()).toMatchObject({ outcome: 'ok' });
  expect(await inspect()).toMatchObject({ outcome: 'ok' });
});

test.each(['application/json-rpc', 'application/json, application/json'])(
  'a server of content type %s, which only the Python SDK reads, is not Offline but fails the deep check',
  async (type) => {
    const server = await startServer({ reshape: rewritten(type, (body) => body) });
    const { check, inspect } = watchUrl(server.url);
    expect(await check()).toMatchObject({ outcome: 'ok' });
    expect(await check()).toMatchObject({ outcome: 'ok' });
    const deep = await inspect();
    expect(deep.outcome).not.toBe('ok');
    expect(deep.detail).toContain('content type');
  },
);

test('a stream with nothing but text is said to hold no JSON when the time is up', async () => {
  const server = await startServer();
  server.script('initialize', events('data: hello\n\n', { end: false }));
  const { check } = watchUrl(server.url, {
    monitor: { era: 'legacy' },
    signal: AbortSignal.timeout(300),
  });
  const report = await check();
  expect(report).toMatchObject({ outcome: 'protocol' });
  expect(report.detail).toContain('it is not JSON');
});

test.each([
  ['with a body', text(202, '{}', 'application/json')],
  ['without a body', status(202)],
])('202 %s answers no request', async (_, script) => {
  const server = await startServer({ profile: 'legacy-stateless' });
  server.script('initialize', script);
  const report = await watchUrl(server.url).check();
  expect(report).toMatchObject({ outcome: 'protocol' });
  expect(report.detail).toContain('HTTP 202 brings no message');
});

/** Begins a session, and answers in its own way. */
function beginning(id: string, answer: Script): Script {
  return (exchange) => {
    exchange.server.sessions.add(id);
    exchange.response.setHeader('mcp-session-id', id);
    answer(exchange);
  };
}

const USELESS: readonly (readonly [string, Script])[] = [
  ['202', text(202, JSON.stringify(INITIALIZE_RESULT), 'application/json')],
  ['204', status(204)],
  ['an empty body', text(200, '', 'application/json')],
  ['an HTML page', text(200, '<html>', 'text/html')],
  ['a result without a version', result({})],
  ['a JSON-RPC error', error(-32603, 'no luck')],
  ['a JSON-RPC error with status 400', error(-32600, 'no luck', { status: 400 })],
  ['status 500', text(500, 'oops')],
  ['a body that is cut off', cutOff],
];

test.each(USELESS)('a session that initialize began is ended after %s', async (name, answer) => {
  const server = await startServer();
  server.script('initialize', beginning('light', answer));
  const { check, inspect } = watchUrl(server.url, { monitor: { era: 'legacy' } });
  const ended = server.arrival('DELETE');
  expect(await check()).not.toMatchObject({ outcome: 'ok' });
  await ended;
  expect([...server.sessions]).toEqual([]);
  server.script('initialize');
  expect(await check()).toMatchObject({ outcome: 'ok' });
  // The SDK waits for the answer on a GET stream.
  if (name === '202') return;
  server.script('initialize', beginning('deep', answer));
  expect(await inspect()).not.toMatchObject({ outcome: 'ok' });
  expect([...server.sessions]).not.toContain('deep');
});

test('a session that a refused server/discover began is ended, unless it is the one that is kept', async () => {
  const server = await startServer();
  const refused = error(-32600, 'Bad Request: Missing session ID', { status: 400 });
  server.script('server/discover', beginning('stray', refused));
  const { check } = watchUrl(server.url);
  const ended = server.arrival('DELETE');
  expect(await check()).toMatchObject({ outcome: 'ok' });
  await ended;
  expect([...server.sessions]).toEqual(['session-1']);

  const single = await startServer();
  single.script('server/discover', beginning('only', refused));
  single.script('initialize', beginning('only', result(INITIALIZE_RESULT)));
  const second = watchUrl(single.url);
  expect(await second.check()).toMatchObject({ outcome: 'ok' });
  expect(await second.check()).toMatchObject({ outcome: 'ok' });
  expect(single.keys()).not.toContain('DELETE');
});

function cutOff({ response }: Parameters<Script>[0]): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"jsonrpc":');
  setImmediate(() => response.destroy());
}

const CONFIRMATION = 'notifications/initialized';

test.each([400, 405, 500, 503])(
  'a server that answers notifications/initialized with %i is not Offline, as the Python SDK uses it',
  async (code) => {
    const server = await startServer();
    server.script(CONFIRMATION, text(code, 'oops'));
    const { check, inspect, connection } = watchUrl(server.url);
    expect(await check()).toMatchObject({ outcome: 'ok' });
    const kept = await check();
    expect(kept).toMatchObject({ outcome: 'ok' });
    expect(kept.detail).toContain('ping was answered');
    const deep = await inspect();
    expect(deep.outcome).not.toBe('ok');
    expect(deep.detail).toContain(`HTTP ${code}`);
    await connection.close();
    expect(server.sessions.size).toBe(0);
  },
);

test.each([
  [401, 'auth_required'],
  [404, 'session_lost'],
  [429, 'rate_limited'],
] as const)('%i to notifications/initialized is %s', async (code, outcome) => {
  const server = await startServer();
  server.script(CONFIRMATION, status(code));
  expect(await watchUrl(server.url).check()).toMatchObject({ outcome });
});
