import { createWriteStream } from 'node:fs';
import { PassThrough, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { createFakeClock } from '../../../fakes/fake-clock.ts';
import { createSink, type SinkOptions } from '../../../../src/sinks/log/sink.ts';

function setUp(options: Partial<SinkOptions> & Pick<SinkOptions, 'open'>) {
  const reports: string[] = [];
  const clock = createFakeClock();
  const sink = createSink({
    name: 'the file',
    isOwned: true,
    report: (line) => reports.push(line),
    clock,
    reopenAfterMs: 1_000,
    ...options,
  });
  return { sink, reports, pass: (ms: number) => clock.advance(ms) };
}

/** Keeps what it took; while it is stalled it takes nothing more. */
function createSlowStream() {
  const taken: string[] = [];
  const waiting: (() => void)[] = [];
  let isStalled = true;
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      taken.push(chunk);
      if (isStalled) waiting.push(() => done());
      else done();
    },
  });
  const release = (): void => {
    isStalled = false;
    for (const done of waiting.splice(0)) done();
  };
  return { stream, taken, release };
}

/** Lets streams report what happened. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

async function until(isDone: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100_000 && !isDone(); turn += 1) await settle();
}

test('a full disk is said once, counted, and forgotten when there is room again', async () => {
  const good = new PassThrough();
  let openCount = 0;
  const { sink, reports, pass } = setUp({
    open: () => {
      openCount += 1;
      return openCount < 3 ? createWriteStream('/dev/full') : good;
    },
  });

  sink.write('one\n');
  await until(() => reports.length > 0);
  sink.write('two\n');
  await pass(1_000);
  sink.write('three\n');
  await until(() => sink.dropped() === 3);

  expect(sink.dropped()).toBe(3);
  expect(reports).toEqual([
    'The log cannot be written to the file: ENOSPC: no space left on device, write. Lines are dropped.',
  ]);

  await pass(1_000);
  sink.write('four\n');
  await until(() => reports.length > 1);
  expect(reports[1]).toBe('The log is written to the file again. Lines lost so far: 3.');
  expect(String(good.read())).toBe('four\n');
  expect(openCount).toBe(3);
});

test('a destination that cannot be opened is tried again only after a while', async () => {
  let openCount = 0;
  const { sink, reports, pass } = setUp({
    open: () => {
      openCount += 1;
      throw new Error('EACCES');
    },
  });

  for (let line = 0; line < 10; line += 1) sink.write('x\n');
  expect([openCount, sink.dropped()]).toEqual([1, 10]);

  await pass(1_000);
  sink.write('x\n');
  expect([openCount, sink.dropped(), reports.length]).toEqual([2, 11, 1]);
});

test('a reader that stops reading costs a bounded buffer and the lines beyond it', async () => {
  const { stream, taken, release } = createSlowStream();
  const { sink, reports } = setUp({ open: () => stream, bufferBytesMax: 100 });

  for (let line = 0; line < 50; line += 1) sink.write('0123456789');

  expect(stream.writableLength).toBeLessThanOrEqual(100);
  expect(sink.dropped()).toBe(40);
  expect(reports).toEqual([
    'The log cannot be written to the file: it takes them too slowly. Lines are dropped.',
  ]);

  release();
  await settle();
  sink.write('after');
  await settle();
  expect(taken.at(-1)).toBe('after');
  expect(taken).toHaveLength(11);
  expect(reports[1]).toBe('The log is written to the file again. Lines lost so far: 40.');
});

test('a stream that fails again after it was given up does not end the process', async () => {
  const stream = new PassThrough({ autoDestroy: false });
  const { sink, reports } = setUp({ open: () => stream });
  sink.write('x\n');

  stream.emit('error', new Error('first'));
  stream.emit('error', new Error('second'));
  await settle();

  expect(reports).toHaveLength(1);
});

test('closing waits for what is buffered', async () => {
  const { stream, taken, release } = createSlowStream();
  const { sink } = setUp({ open: () => stream });
  sink.write('one');
  sink.write('two');

  const closed = sink.close(60_000);
  release();
  await closed;

  expect(taken).toEqual(['one', 'two']);
  expect(stream.destroyed).toBe(true);
});

test('closing gives up a destination that takes nothing, and later lines are lost', async () => {
  const { stream } = createSlowStream();
  const { sink, pass } = setUp({ open: () => stream });
  sink.write('one');

  const closed = sink.close(1);
  await pass(1);
  await closed;
  const droppedBefore = sink.dropped();
  sink.write('late');

  expect(stream.destroyed).toBe(true);
  expect(sink.dropped()).toBe(droppedBefore + 1);
});

test('a stream of somebody else is left open', async () => {
  const stream = new PassThrough();
  const { sink } = setUp({ open: () => stream, isOwned: false });
  sink.write('one');

  await sink.close(60_000);

  expect(stream.writableEnded).toBe(false);
  expect(String(stream.read())).toBe('one');
});
