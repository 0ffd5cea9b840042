import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { createLog, type ServiceLog } from '../../../../src/adapters/pino/create-log.ts';
import { logCalls, type CallLogOptions } from '../../../../src/adapters/pino/log-calls.ts';
import type { CallRecord } from '../../../../src/domain/call-record.ts';
import { createHub } from '../../../../src/domain/facts.ts';
import type { LogSeverity } from '../../../../src/domain/log.ts';
import { buildCall } from '../../../fakes/build-call.ts';
import { createFakeClock } from '../../../fakes/fake-clock.ts';

interface Setup extends Partial<CallLogOptions> {
  readonly level?: LogSeverity;
  readonly format?: 'json' | 'pretty';
}

function start({ level = 'info', format = 'json', ...options }: Setup = {}) {
  const written: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  const log: ServiceLog = createLog({
    level,
    format,
    output: { stream, isTerminal: false, hasColours: false },
    report: (line) => expect.unreachable(line),
  });
  const hub = createHub((error) => expect.unreachable(String(error)));
  const clock = createFakeClock();
  const end = logCalls(hub, log, { access: true, audit: true, clock, ...options });
  return {
    hub,
    clock,
    end,
    text: () => written.join(''),
    lines: () =>
      written.map((line): Record<string, unknown> => {
        expect(line.indexOf('\n')).toBe(line.length - 1);
        return JSON.parse(line) as Record<string, unknown>;
      }),
  };
}

const CONTEXT = {
  server: 'files',
  transport: 'http',
  method: 'tools/call',
  tool: 'read_file',
  status: 200,
  outcome: 'success',
  durationMs: 12.5,
  requestBytes: 120,
  responseBytes: 4_000,
  user: 'alice',
  client: 'editor',
  clientVersion: '1.2.3',
  session: 'session-1',
  request: '7',
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
};

test('a tool call is a line in the access log and one in the audit log', () => {
  const { hub, lines } = start();

  hub.publish(
    buildCall({
      tokens: { input: 3, output: 4, source: 'estimated' },
      costUsd: 0.002,
      progressCount: 2,
      overheadMs: 0.123_456,
    }),
  );

  const shared = { level: 'info', time: '2026-01-01T00:00:00.000Z', ...CONTEXT };
  expect(lines()).toEqual([
    {
      ...shared,
      channel: 'access',
      protocolVersion: '2025-11-25',
      overheadMs: 0.123,
      progressCount: 2,
      inputTokens: 3,
      outputTokens: 4,
      tokenSource: 'estimated',
      costUsd: 0.002,
      msg: 'exchange',
    },
    { ...shared, channel: 'audit', msg: 'tool called' },
  ]);
});

test('what is no tool call is not audited', () => {
  const { hub, lines } = start();

  hub.publish(buildCall({ operation: 'resources/read', target: 'file:///a' }));

  expect(lines()).toMatchObject([{ channel: 'access', target: 'file:///a' }]);
  expect(lines()[0]).not.toHaveProperty('tool');
});

test('the audit line has the arguments where the record has them, the access line never', () => {
  const { hub, lines } = start();

  hub.publish(buildCall({ argumentsText: '{"path":"/a"}' }));

  expect(lines()[0]).not.toHaveProperty('arguments');
  expect(lines()[1]).toMatchObject({ arguments: '{"path":"/a"}' });
});

test('a failure is also an error line, with code, message, stack and the same context', () => {
  const { hub, lines } = start();
  const failure = {
    outcome: 'rpc_error',
    status: 500,
    errorType: 'internal_error',
    rpcCode: -32603,
    errorMessage: 'disk is gone\nfor good',
    errorStack: 'Error: disk\n    at read',
  } satisfies Partial<CallRecord>;

  hub.publish(buildCall(failure));

  expect(lines().map(({ channel }) => channel)).toEqual(['access', 'audit', 'error']);
  expect(lines()[2]).toEqual({
    ...CONTEXT,
    level: 'warn',
    time: '2026-01-01T00:00:00.000Z',
    channel: 'error',
    outcome: 'rpc_error',
    status: 500,
    errorType: 'internal_error',
    code: -32603,
    detail: 'disk is gone\nfor good',
    stack: 'Error: disk\n    at read',
    msg: 'call failed',
  });
});

test.each<[string, Partial<CallRecord>]>([
  ['a fault of the caller', { outcome: 'client_error', errorType: 'invalid_params' }],
  ['a refusal', { outcome: 'denied', errorType: 'unauthorized' }],
  ['a cancelled call', { outcome: 'cancelled', errorType: 'cancelled' }],
])('%s is no error line', (_, overrides) => {
  const { hub, lines } = start();

  hub.publish(buildCall(overrides));

  expect(lines().map(({ channel }) => channel)).toEqual(['access', 'audit']);
});

test.each<[string, Setup, string[]]>([
  ['without the access log the audit log stays', { access: false }, ['audit', 'error']],
  ['without the audit log the access log stays', { audit: false }, ['access', 'error']],
  ['above info only the errors stay', { level: 'warn' }, ['error']],
  ['above warn nothing stays', { level: 'error' }, []],
])('%s', (_, setup, channels) => {
  const { hub, lines } = start(setup);

  hub.publish(buildCall({ outcome: 'timeout', errorType: 'timeout' }));

  expect(lines().map(({ channel }) => channel)).toEqual(channels);
});

test('a request of the server to its client says so', () => {
  const { hub, lines } = start();

  hub.publish(buildCall({ direction: 'server_to_client', operation: 'sampling/createMessage' }));

  expect(lines()).toMatchObject([{ direction: 'server_to_client' }]);
});

test('whatever a client sends, a line stays one line of JSON, and short', () => {
  const { hub, lines } = start();
  const nasty = `"},\n{"level":"fatal\u2028\u0000\ud800${'x'.repeat(1_000_000)}`;

  hub.publish(
    buildCall({
      operation: nasty,
      target: nasty,
      requestId: nasty,
      session: nasty,
      user: nasty,
      client: { name: nasty, version: nasty },
      protocolVersion: nasty,
      outcome: 'tool_error',
      errorMessage: nasty,
      errorStack: nasty,
    }),
  );

  expect(lines().map(({ level }) => level)).toEqual(['info', 'warn']);
  for (const line of lines()) expect(JSON.stringify(line).length).toBeLessThan(15_000);
  expect(String(lines()[0]?.['user']).startsWith('"},\n{"level"')).toBe(true);
});

test('a terminal gets the line as text for people', () => {
  const { hub, text } = start({ format: 'pretty', audit: false });

  hub.publish(buildCall());

  expect(text()).toContain('exchange');
  expect(text()).toContain('"tool":"read_file"');
  expect(text()).not.toMatch(/^\{/);
});

test('failed authentication is a line a minute for each method, with the number of those left out', async () => {
  const { hub, lines, clock } = start();
  const fail = (method: 'bearer' | 'jwt') =>
    hub.publish({ fact: 'auth', method, status: 'failure' });

  for (let index = 0; index < 10; index += 1) fail('bearer');
  fail('jwt');
  hub.publish({ fact: 'auth', method: 'bearer', status: 'success' });
  await clock.advance(60_000);
  fail('bearer');

  expect(lines().map(({ msg, method, leftOutCount }) => [msg, method, leftOutCount])).toEqual([
    ['authentication failed', 'bearer', 0],
    ['authentication failed', 'jwt', 0],
    ['authentication failed', 'bearer', 9],
  ]);
});

test('a client that asks too often is a line a minute, apart from other clients', async () => {
  const { hub, lines, clock } = start();
  const exceed = (user: string) => hub.publish({ fact: 'rate_limit', server: 'files', user });

  exceed('alice');
  exceed('alice');
  exceed('bob');
  await clock.advance(60_000);
  exceed('alice');

  expect(lines().map(({ user, leftOutCount }) => [user, leftOutCount])).toEqual([
    ['alice', 0],
    ['bob', 0],
    ['alice', 1],
  ]);
});

test('the end of a session is for debugging', () => {
  const { hub, lines } = start({ level: 'debug' });

  hub.publish({ fact: 'session', server: 'files', transport: 'http', durationMs: 5_000 });

  expect(lines()).toMatchObject([{ level: 'debug', msg: 'session ended', durationMs: 5_000 }]);
});

test('after its end it writes nothing', () => {
  const { hub, lines, end } = start();

  end();
  hub.publish(buildCall());

  expect(lines()).toEqual([]);
});
