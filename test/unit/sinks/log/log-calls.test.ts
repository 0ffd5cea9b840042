import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { createLog, type ServiceLog } from '../../../../src/sinks/log/create-log.ts';
import { type CallLogOptions, logCalls } from '../../../../src/sinks/log/log-calls.ts';
import type { CallRecord } from '../../../../src/facts/call-record.ts';
import { createHub } from '../../../../src/facts/hub.ts';
import type { LogSeverity } from '../../../../src/facts/ports/log.ts';
import { buildCall } from '../../../fakes/build-call.ts';
import { buildServer } from '../../../fakes/build-server.ts';
import { REAL_CLOCK } from '../../../fakes/real-clock.ts';
import { createFakeClock } from '../../../fakes/fake-clock.ts';

interface Setup extends Partial<CallLogOptions> {
  readonly level?: LogSeverity;
  readonly format?: 'json' | 'pretty';
  /** Takes nothing. */
  readonly isStuck?: boolean;
}

function start({ level = 'info', format = 'json', isStuck = false, ...options }: Setup = {}) {
  const written: string[] = [];
  const reports: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      if (!isStuck) done();
    },
  });
  const log: ServiceLog = createLog({
    level,
    format,
    output: { stream, isTerminal: false, hasColours: false },
    report: (line) => reports.push(line),
    clock: REAL_CLOCK,
  });
  const hub = createHub((error) => expect.unreachable(String(error)));
  const clock = createFakeClock();
  const end = logCalls(hub, log, { access: true, plugin: true, audit: true, clock, ...options });
  return {
    hub,
    clock,
    end,
    log,
    written,
    reports,
    dropped: () => log.dropped(),
    async text() {
      await log.close();
      return written.join('');
    },
    /** Ends the log, so that nothing waits any more. */
    async lines() {
      await log.close();
      const lines = written.join('').split(/(?<=\n)/);
      return lines
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    },
  };
}

const CONTEXT = {
  server: 'files',
  transport: 'http',
  method: 'POST',
  path: '/files/mcp',
  operation: 'tools/call',
  tool: 'read_file',
  status: 200,
  outcome: 'success',
  duration_ms: 12.5,
  request_bytes: 120,
  response_bytes: 4_000,
  user: 'alice',
  client: 'editor',
  client_version: '1.2.3',
  session: 'session-1',
  request: '7',
  trace_id: '0af7651916cd43dd8448eb211c80319c',
  span_id: 'b7ad6b7169203331',
};

test('a tool call is a line of each type: access, plugin and audit', async () => {
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
  expect(await lines()).toEqual([
    {
      ...shared,
      type: 'access',
      protocol_version: '2025-11-25',
      overhead_ms: 0.123,
      progress_count: 2,
      input_tokens: 3,
      output_tokens: 4,
      token_source: 'estimated',
      cost_usd: 0.002,
      msg: 'exchange',
    },
    { ...shared, type: 'plugin', plugin: 'files', command: 'read_file', msg: 'tool run' },
    {
      ...shared,
      type: 'audit',
      action: 'tools/call',
      details: { tool: 'read_file', outcome: 'success' },
      msg: 'tool called',
    },
  ]);
});

test('every line of a call has the labels of its server', async () => {
  const { hub, log, lines } = start();
  const labels = { owner: 'a "b"', team: 'search' };
  log.labels.note({ fact: 'server_added', server: buildServer('files', { labels }) });
  hub.publish(buildCall({ outcome: 'rpc_error' }));
  hub.publish(buildCall({ server: 'other' }));
  const written = await lines();
  expect(written.map((line) => line['labels'])).toEqual([
    labels,
    labels,
    labels,
    labels,
    undefined,
    undefined,
    undefined,
  ]);
});

test('what is no tool call is not audited', async () => {
  const { hub, lines } = start();

  hub.publish(buildCall({ operation: 'resources/read', target: 'file:///a' }));

  expect(await lines()).toMatchObject([{ type: 'access', target: 'file:///a' }]);
  expect((await lines())[0]).not.toHaveProperty('tool');
});

test('the audit line has the arguments where the record has them, the access line never', async () => {
  const { hub, lines } = start();

  hub.publish(buildCall({ argumentsText: '{"path":"/a"}' }));

  const [access, plugin, audit] = await lines();
  expect(access).not.toHaveProperty('details');
  expect(plugin).not.toHaveProperty('details');
  expect(audit).toMatchObject({ details: { arguments: '{"path":"/a"}' } });
});

test('a failure is also an error line, with code, message, stack and the same context', async () => {
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

  expect((await lines()).map(({ type }) => type)).toEqual(['access', 'plugin', 'audit', 'error']);
  expect((await lines())[3]).toEqual({
    ...CONTEXT,
    level: 'warn',
    levelname: 'ERROR',
    time: '2026-01-01T00:00:00.000Z',
    type: 'error',
    outcome: 'rpc_error',
    status: 500,
    error_type: 'internal_error',
    code: -32603,
    error: 'disk is gone\nfor good',
    traceback: 'Error: disk\n    at read',
    msg: 'call failed',
  });
});

test.each<[string, Partial<CallRecord>]>([
  ['a fault of the caller', { outcome: 'client_error', errorType: 'invalid_params' }],
  ['a refusal', { outcome: 'denied', errorType: 'unauthorized' }],
  ['a cancelled call', { outcome: 'cancelled', errorType: 'cancelled' }],
])('%s is no error line', async (_, overrides) => {
  const { hub, lines } = start();

  hub.publish(buildCall(overrides));

  expect((await lines()).map(({ type }) => type)).toEqual(['access', 'plugin', 'audit']);
});

test.each<[string, Setup, string[]]>([
  ['without the access log the audit log stays', { access: false }, ['plugin', 'audit', 'error']],
  ['without the plugin lines the others stay', { plugin: false }, ['access', 'audit', 'error']],
  ['without the audit log the access log stays', { audit: false }, ['access', 'plugin', 'error']],
  ['above info only the errors stay', { level: 'warn' }, ['error']],
  ['above warn nothing stays', { level: 'error' }, []],
])('%s', async (_, setup, types) => {
  const { hub, lines } = start(setup);

  hub.publish(buildCall({ outcome: 'timeout', errorType: 'timeout' }));

  expect((await lines()).map(({ type }) => type)).toEqual(types);
});

test('a request of the server to its client says so', async () => {
  const { hub, lines } = start();

  hub.publish(buildCall({ direction: 'server_to_client', operation: 'sampling/createMessage' }));

  expect(await lines()).toMatchObject([{ direction: 'server_to_client' }]);
});

test('whatever a client sends, a line stays one line of JSON, and short', async () => {
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

  expect((await lines()).map(({ level }) => level)).toEqual(['info', 'warn']);
  for (const line of await lines()) expect(JSON.stringify(line).length).toBeLessThan(15_000);
  expect(String((await lines())[0]?.['user']).startsWith('"},\n{"level"')).toBe(true);
});

test('a terminal gets the line as text for people', async () => {
  const { hub, text } = start({ format: 'pretty', audit: false });

  hub.publish(buildCall());

  const printed = await text();
  expect(printed).toContain('exchange');
  expect(printed).toContain('"tool":"read_file"');
  expect(printed).not.toMatch(/^\{/);
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

  expect(
    (await lines()).map((line) => [line['msg'], line['method'], line['left_out_count']]),
  ).toEqual([
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

  expect((await lines()).map((line) => [line['user'], line['left_out_count']])).toEqual([
    ['alice', 0],
    ['bob', 0],
    ['alice', 1],
  ]);
});

test('the end of a session is for debugging', async () => {
  const { hub, lines } = start({ level: 'debug' });

  hub.publish({ fact: 'session', server: 'files', transport: 'http', durationMs: 5_000 });

  expect(await lines()).toMatchObject([
    { level: 'debug', msg: 'session ended', duration_ms: 5_000 },
  ]);
});

test('after its end it writes nothing', async () => {
  const { hub, lines, end } = start();

  end();
  hub.publish(buildCall());

  expect(await lines()).toEqual([]);
});

test('lines of exchanges leave together, and before any other line that comes after them', () => {
  const { hub, log, written } = start({ plugin: false });

  hub.publish(buildCall());
  hub.publish(buildCall());
  expect(written).toEqual([]);
  log.warn({}, 'something else');

  expect(written).toHaveLength(2);
  expect(written[0]?.match(/"msg":"[a-z ]+"/g)).toEqual([
    '"msg":"exchange"',
    '"msg":"tool called"',
    '"msg":"exchange"',
    '"msg":"tool called"',
  ]);
  expect(written[1]).toContain('something else');
});

test('a batch that is lost is counted by its lines', async () => {
  const { hub, log, dropped, reports } = start({ isStuck: true, plugin: false });

  for (let index = 0; index < 20_000; index += 1) hub.publish(buildCall());
  await log.close(1);

  // A megabyte of them waits in the stream, the rest is gone.
  expect(dropped()).toBeGreaterThan(35_000);
  expect(dropped()).toBeLessThan(40_000);
  expect(reports).toHaveLength(1);
});

test('whatever a client, a label or an error contains, no line has a control character', async () => {
  const wild = 'a\u001b[31m\u009b31m\u007f\u0000b';
  const { hub, log, text } = start();
  log.labels.note({
    fact: 'server_added',
    server: { ...buildServer('files'), labels: { team: wild } },
  });

  hub.publish(
    buildCall({
      outcome: 'rpc_error',
      target: wild,
      client: { name: wild, version: wild },
      errorMessage: wild,
      errorStack: wild,
      argumentsText: wild,
      session: wild,
      user: wild,
      path: wild,
    }),
  );
  log.warn({ detail: wild }, 'something else');

  const written = await text();
  expect(written.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  const [access] = written.split('\n');
  expect(JSON.parse(access ?? '')).toMatchObject({ client: wild, session: wild });
});
