import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { buildServer } from '../../../fakes/build-server.ts';
import { REAL_CLOCK } from '../../../fakes/real-clock.ts';
import { createLog, type LogOptions } from '../../../../src/sinks/log/create-log.ts';
import { Secret } from '../../../../src/facts/secret.ts';

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-exporter-log-'));
  folders.push(folder);
  return folder;
}

function setUp(options: Partial<Omit<LogOptions, 'output'>> & { isTerminal?: boolean } = {}) {
  const { isTerminal = false, ...rest } = options;
  const stream = new PassThrough();
  const reports: string[] = [];
  const log = createLog({
    level: 'info',
    format: 'auto',
    output: { stream, isTerminal, hasColours: false },
    report: (line) => reports.push(line),
    clock: REAL_CLOCK,
    ...rest,
  });
  const text = (): string => String(stream.read() ?? '');
  return { log, reports, text };
}

test('an event is one line of JSON with time, level, fields and a fixed message', () => {
  const { log, text } = setUp();

  log.info({ channel: 'health', server: 'files\nforged', durationMs: 12 }, 'server checked');

  const lines = text().trimEnd().split('\n');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    type: 'health',
    server: 'files\nforged',
    duration_ms: 12,
    msg: 'server checked',
  });
});

test('a line about a server has its labels, as they are now, and other lines have none', () => {
  const { log, text } = setUp();
  const server = buildServer('files', { labels: Object.freeze({ team: 'search', token: 'x' }) });
  log.labels.note({ fact: 'server_added', server });

  log.info({ channel: 'health', server: 'files' }, 'server checked');
  log.info({ channel: 'health', server: 'other' }, 'server checked');
  log.info({ channel: 'health' }, 'started');
  log.labels.note({
    fact: 'server_changed',
    server: buildServer('files'),
    keys: [],
    reopens: 'none',
  });
  log.info({ channel: 'health', server: 'files' }, 'server checked');

  const lines = text()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  // What is named like a credential is masked everywhere.
  expect(lines.map(({ labels }) => labels)).toEqual([
    { team: 'search', token: '***' },
    undefined,
    undefined,
    undefined,
  ]);
  expect(server.labels).toEqual({ team: 'search', token: 'x' });
});

test('on a terminal the same event is written for people', () => {
  const { log, text } = setUp({ isTerminal: true });

  log.warn({ channel: 'health', server: 'files' }, 'server status changed');

  expect(text()).toMatch(/^\[\d\d:\d\d:\d\d\] WARN: server status changed {"server":"files"}\n$/);
});

test.each([
  { format: 'json', isTerminal: true, start: '{' },
  { format: 'pretty', isTerminal: false, start: '[' },
  { format: 'auto', isTerminal: false, start: '{' },
  { format: 'auto', isTerminal: true, start: '[' },
] as const)(
  'format $format with a terminal: $isTerminal begins with $start',
  ({ start, ...options }) => {
    const { log, text } = setUp(options);
    log.info({}, 'started');
    expect(text().at(0)).toBe(start);
  },
);

test('a planted secret is masked wherever a field carries it', () => {
  const { log, text } = setUp();
  const planted = 'planted-5f2c';
  const secret = new Secret(planted);

  log.info({ secret, deep: { list: [secret] } }, 'a Secret');
  log.info({ authorization: planted, target: { headers: { cookie: planted } } }, 'a header');
  log.error({ err: new Error(String(secret)), token: planted }, 'an error');

  const written = text();
  expect(written.split('\n')).toHaveLength(4);
  expect(written).not.toContain(planted);
});

test('an error is written with its stack and its cause', () => {
  const { log, text } = setUp();
  log.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'request failed');
  expect(JSON.parse(text())).toMatchObject({
    err: {
      message: 'outer',
      stack: expect.stringContaining('create-log.test.ts'),
      cause: { message: 'inner' },
    },
  });
});

test('lines below the level are left out, and the level can change while it runs', () => {
  const { log, text } = setUp({ level: 'warn' });
  log.info({}, 'hidden');
  log.setLevel('debug');
  log.debug({}, 'shown');
  log.setLevel('silent');
  log.fatal({}, 'hidden');
  expect(text().match(/"msg":"\w+"/g)).toEqual(['"msg":"shown"']);
});

test('a log file is rotated by size and keeps the wanted number of old files', async () => {
  const path = join(await makeFolder(), 'sub', 'exporter.log');
  const { log } = setUp({ file: { path, maxBytes: 1_000, maxFiles: 2 } });

  for (let line = 0; line < 100; line += 1) log.info({ line }, 'x'.repeat(100));
  await log.close();

  const files = await readdir(join(path, '..'));
  expect(files.toSorted()).toEqual(['exporter.log', 'exporter.log.1', 'exporter.log.2']);
  const newest = await Promise.all(files.map((file) => readFile(join(path, '..', file), 'utf8')));
  expect(newest.join('')).toContain('"line":99');
  expect(log.dropped()).toBe(0);
  for (const text of newest) expect(text.length).toBeLessThan(1_500);
});

test('a log file holds JSON even where the terminal shows text', async () => {
  const path = join(await makeFolder(), 'exporter.log');
  const { log, text } = setUp({ isTerminal: true, file: { path, maxBytes: 10_000, maxFiles: 1 } });
  log.info({ server: 'files' }, 'started');
  await log.close();
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ msg: 'started' });
  expect(text()).toContain('INFO: started');
});

test('a log file that cannot be written leaves standard output and the process alone', async () => {
  const { log, reports, text } = setUp({
    file: { path: '/dev/full', maxBytes: 1_000, maxFiles: 1 },
  });

  log.info({}, 'one');
  log.info({}, 'two');
  await log.close();

  expect(text().trimEnd().split('\n')).toHaveLength(2);
  expect(reports).toHaveLength(1);
  expect(reports[0]).toMatch(/^The log cannot be written to \/dev\/full: /);
  expect(log.dropped()).toBe(2);
});

test('every line is copied as it is in a file: JSON, masked, in order, until that is ended', () => {
  const { log, text } = setUp({ format: 'pretty', isTerminal: true });
  const copied: string[] = [];
  log.info({}, 'before');
  const end = log.copyTo((lines) => copied.push(...lines.trimEnd().split('\n')));

  log.lines.write(() => '{"level":"info","msg":"batched"}\n');
  log.warn({ token: 'plain', header: new Secret('hidden') }, 'masked');
  log.lines.write(() => '{"level":"info","msg":"last"}\n');
  end();
  log.info({}, 'after');

  const messages = copied.map((line) => (JSON.parse(line) as { msg: string }).msg);
  expect(messages).toEqual(['batched', 'masked', 'last']);
  expect(copied.join()).not.toMatch(/plain|hidden/);
  expect(text()).toContain('after');
});
