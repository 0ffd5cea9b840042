import { expect, test } from 'vitest';
import type { App, AppStart } from '../../../src/app/app.ts';
import { run } from '../../../src/cli/run.ts';
import { createFakeContext, type FakeContextOptions } from '../../fakes/fake-context.ts';

const STARTED: AppStart = {
  ok: true,
  addresses: {
    http: 'http://127.0.0.1:19110',
    gateway: 'http://127.0.0.1:19100',
    config: 'my.yml',
    servers: 2,
  },
};

function setUp(overrides: Partial<App> = {}, options: FakeContextOptions = {}) {
  const calls: string[] = [];
  const app: App = {
    start: async () => STARTED,
    async reload(trigger) {
      calls.push(`reload ${trigger}`);
      return { ok: true, detail: '' };
    },
    crash: (error) => calls.push(`crash ${String(error)}`),
    killChildren: () => undefined,
    async stop() {
      calls.push('stop');
    },
    ...overrides,
  };
  return { context: createFakeContext({ app, ...options }), calls };
}

/** Lets promises settle, and the command load. */
async function settle(): Promise<void> {
  await import('../../../src/cli/serve.ts');
  for (let turn = 0; turn < 20; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

test.each(['SIGTERM', 'SIGINT'] as const)('%s stops the service and ends well', async (signal) => {
  const { context, calls } = setUp();
  const ending = run(['serve'], context);
  await settle();
  expect(calls).toEqual([]);

  context.send(signal);

  expect(await ending).toBe(0);
  expect(calls).toEqual(['stop']);
  expect(context.exits).toEqual([]);
  expect(context.listenerCount()).toBe(0);
  expect(context.clock.pendingCount()).toBe(0);
});

test('a second signal ends at once, whatever still runs', async () => {
  const { context } = setUp({ stop: () => new Promise(() => undefined) });
  void run(['serve'], context);
  await settle();

  context.send('SIGINT');
  await settle();
  expect(context.exits).toEqual([]);
  context.send('SIGINT');

  expect(context.exits).toEqual([1]);
});

test('a stop that hangs is given up after ten seconds, and that is said', async () => {
  const { context } = setUp({ stop: () => new Promise(() => undefined) });
  const ending = run(['serve'], context);
  await settle();

  context.send('SIGTERM');
  await settle();
  await context.clock.advance(10_000);

  expect(await ending).toBe(1);
  expect(context.err()).toBe('mcp-exporter: not everything ended within 10 s\n');
});

test('a signal in the middle of the start stops only what has been built', async () => {
  const { promise, resolve } = Promise.withResolvers<AppStart>();
  const { context, calls } = setUp({ start: () => promise });
  const ending = run(['serve'], context);
  await settle();

  context.send('SIGTERM');
  await settle();
  expect(calls).toEqual([]);
  resolve(STARTED);

  expect(await ending).toBe(0);
  expect(calls).toEqual(['stop']);
});

test('SIGHUP reloads and goes on', async () => {
  const { context, calls } = setUp();
  const ending = run(['serve'], context);
  await settle();

  context.send('SIGHUP');
  context.send('SIGHUP');
  expect(calls).toEqual(['reload signal', 'reload signal']);

  context.send('SIGTERM');
  expect(await ending).toBe(0);
});

test('what nothing caught is written down, everything is stopped, and the exit code is 1', async () => {
  const { context, calls } = setUp();
  const ending = run(['serve'], context);
  await settle();

  context.fail(new Error('bug'));

  expect(await ending).toBe(1);
  expect(calls).toEqual(['crash Error: bug', 'stop']);
});

test('a service that cannot start says why in one line and ends with 1', async () => {
  const { context, calls } = setUp({
    start: async () => ({ ok: false, message: '127.0.0.1:19110 is in use' }),
  });

  expect(await run(['serve'], context)).toBe(1);

  expect(context.err()).toBe('127.0.0.1:19110 is in use\n');
  expect(calls).toEqual(['stop']);
});

test('on a terminal the addresses are printed', async () => {
  const { context } = setUp({}, { isTerminal: true });
  const ending = run(['serve'], context);
  await settle();
  context.send('SIGINT');
  await ending;

  expect(context.out()).toContain('watches 2 servers of my.yml');
  expect(context.out()).toContain('http://127.0.0.1:19110/metrics');
  expect(context.out()).toContain('gateway   http://127.0.0.1:19100/NAME/mcp');
});

test('elsewhere standard output belongs to the log', async () => {
  const { context } = setUp();
  const ending = run(['serve'], context);
  await settle();
  context.send('SIGINT');
  await ending;
  expect(context.out()).toBe('');
});

test.each([
  [[], {}],
  [['serve'], {}],
  [['--config', 'a.yml'], { configPath: 'a.yml' }],
  [
    ['serve', '-c', 'a.yml', '-l', '[::1]:0'],
    { configPath: 'a.yml', listen: { host: '::1', port: 0 } },
  ],
  [['serve', '--log-level', 'debug'], { logLevel: 'debug' }],
])('%j serves with %j', async (argv, expected) => {
  const { context } = setUp();
  const ending = run(argv, context);
  await settle();
  context.send('SIGINT');
  expect(await ending).toBe(0);
  expect(context.appOptions).toEqual([
    expect.objectContaining({
      configPath: undefined,
      listen: undefined,
      logLevel: undefined,
      ...expected,
    }),
  ]);
});
