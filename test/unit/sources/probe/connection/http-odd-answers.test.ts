import { expect, test } from 'vitest';
import {
  error,
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
