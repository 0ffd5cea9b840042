import { expect, test } from 'vitest';
import {
  hang,
  INITIALIZE_RESULT,
  result,
  type Script,
  type ScriptedExchange,
  type ScriptedMcpServer,
} from '../../../fakes/scripted-mcp-server.ts';
import { startServer, watchUrl } from '../../sources/probe/connection/http-setup.ts';

// Goal: a server that takes longer for `initialize` than a check lasts is left with no session.
// Method: a scripted server whose answer is held back until the check has ended.

/** Begins a session as the request arrives, and answers when told to. */
function holdInitialize(server: ScriptedMcpServer): { answer(): void } {
  const held: ScriptedExchange[] = [];
  server.script('initialize', (exchange) => {
    held.push(exchange);
    server.sessions.add(`late-${held.length}`);
  });
  return {
    answer() {
      for (const [index, exchange] of held.splice(0).entries())
        result(INITIALIZE_RESULT, { 'mcp-session-id': `late-${index + 1}` })(exchange);
    },
  };
}

test.each(['check', 'inspect'] as const)(
  'a session that begins after its %s has ended is ended',
  async (kind) => {
    const server = await startServer();
    const abort = new AbortController();
    const watched = watchUrl(server.url, { monitor: { era: 'legacy' } });
    if (kind === 'inspect') await watched.check();
    const held = holdInitialize(server);
    const arrived = server.arrival('initialize');
    const checked = watched.connection[kind]({ signal: abort.signal });
    await arrived;
    abort.abort();
    expect((await checked).outcome).toBe('timeout');
    expect(server.sessions).toContain('late-1');

    const ended = server.arrival('DELETE');
    held.answer();
    await ended;

    expect([...server.sessions].filter((id) => id.startsWith('late'))).toEqual([]);
  },
);

test('a session in the head of an answer whose body never comes is ended', async () => {
  const server = await startServer();
  const abort = new AbortController();
  const stall: Script = ({ response }) => {
    server.sessions.add('stalled');
    response.writeHead(200, {
      'content-type': 'application/json',
      'mcp-session-id': 'stalled',
    });
    response.write('{"jsonrpc":');
  };
  server.script('initialize', stall);
  const { check } = watchUrl(server.url, { monitor: { era: 'legacy' }, signal: abort.signal });
  const arrived = server.arrival('initialize');
  const ended = server.arrival('DELETE');
  const checked = check();
  await arrived;
  setImmediate(() => abort.abort());
  expect((await checked).outcome).toBe('timeout');
  await ended;
  expect(server.sessions.size).toBe(0);
});

test('closing waits for the session of an initialize that is under way, and for none that does not come', async () => {
  const server = await startServer();
  const held = holdInitialize(server);
  const { connection, check } = watchUrl(server.url, { monitor: { era: 'legacy' } });
  const arrived = server.arrival('initialize');
  const checked = check();
  await arrived;
  const closed = connection.close();
  await checked;
  held.answer();
  await closed;
  expect(server.sessions.size).toBe(0);
  await server.socketsGone();
});

test('a server that never answers initialize holds one connection more, however often it is checked, and none after', async () => {
  const server = await startServer();
  server.script('initialize', hang);
  const { connection } = watchUrl(server.url, { monitor: { era: 'legacy' } });
  for (let count = 0; count < 5; count += 1) {
    const abort = new AbortController();
    const arrived = server.arrival('initialize');
    const checked = connection.check({ signal: abort.signal });
    await arrived;
    abort.abort();
    await checked;
  }
  expect(server.openSockets()).toBeLessThanOrEqual(2);
  await connection.close();
  await server.socketsGone();
});
