import { expect, test } from 'vitest';
import { createEventStream, type EventSink } from '../../../../src/sinks/web/event-stream.ts';
import type { Fact } from '../../../../src/facts/facts.ts';
import { createHub, type Hub } from '../../../../src/facts/hub.ts';
import { buildAlert } from '../../../fakes/build-alert.ts';
import { createFakeClock } from '../../../fakes/fake-clock.ts';
import { buildDetail, buildReport, fakeHttpDeps, NOW_MS } from './fake-http-deps.ts';
import { serveApp } from './serve-app.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';

const CHECKED: Fact = {
  fact: 'probe',
  server: 'files',
  report: buildReport(),
  status: 'healthy',
  consecutiveFailures: 0,
  nextInMs: 30_000,
  lagMs: 0,
};
const CHANGED: Fact = {
  fact: 'status',
  server: 'files',
  atMs: asEpochMs(NOW_MS),
  from: 'healthy',
  to: 'offline',
  reason: 'Refused\n\nevent: forged',
};

interface RecordingEventSink extends EventSink {
  readonly written: string[];
  readonly ends: string[];
  writableLength: number;
}

function recordingSink(): RecordingEventSink {
  const written: string[] = [];
  const ends: string[] = [];
  return {
    written,
    ends,
    writableLength: 0,
    write: (text) => written.push(text),
    end: () => ends.push('end'),
    destroy: () => ends.push('destroy'),
  };
}

/** A hub that says how many listen. */
function countingHub(): { hub: Hub; count: () => number } {
  const inner = createHub((error) => {
    throw error;
  });
  let count = 0;
  const hub: Hub = {
    publish: inner.publish,
    subscribe(listener) {
      const unsubscribe = inner.subscribe(listener);
      count += 1;
      return () => {
        count -= 1;
        unsubscribe();
      };
    },
  };
  return { hub, count: () => count };
}

test('checks are gathered for a moment and leave in one write; a status change leaves at once', async () => {
  const clock = createFakeClock(NOW_MS);
  const { hub } = countingHub();
  const stream = createEventStream({ hub, clock });
  const sink = recordingSink();
  stream.add(sink);
  sink.written.length = 0;
  hub.publish(CHECKED);
  hub.publish(CHECKED);
  expect(sink.written).toEqual([]);
  await clock.advance(250);
  expect(sink.written).toHaveLength(1);
  expect(sink.written[0]?.match(/^event: check$/gm)).toHaveLength(2);
  hub.publish(CHANGED);
  expect(sink.written).toHaveLength(2);
});

test('a line break in a reason cannot forge an event', () => {
  const { hub } = countingHub();
  const stream = createEventStream({ hub, clock: createFakeClock(NOW_MS) });
  const sink = recordingSink();
  stream.add(sink);
  hub.publish(CHANGED);
  expect(sink.written.at(-1)).toBe(
    `event: status\ndata: ${JSON.stringify({ server: 'files', from: 'healthy', to: 'offline', reason: 'Refused\n\nevent: forged', at: new Date(NOW_MS).toISOString() })}\n\n`,
  );
});

test('nothing is subscribed and no timer runs without a listener', async () => {
  const clock = createFakeClock(NOW_MS);
  const { hub, count } = countingHub();
  const stream = createEventStream({ hub, clock });
  expect([count(), clock.pendingCount()]).toEqual([0, 0]);
  const removers = [stream.add(recordingSink()), stream.add(recordingSink())];
  hub.publish(CHECKED);
  expect([count(), clock.pendingCount()]).toEqual([1, 2]);
  for (const remove of removers) {
    remove?.();
    remove?.();
  }
  expect([count(), clock.pendingCount(), stream.listenerCount()]).toEqual([0, 0, 0]);
});

test('listeners beyond the bound are refused, and one that leaves makes room', () => {
  const { hub } = countingHub();
  const stream = createEventStream({ hub, clock: createFakeClock(NOW_MS), listenersMax: 2 });
  const remove = stream.add(recordingSink());
  expect(stream.add(recordingSink())).toBeDefined();
  expect(stream.add(recordingSink())).toBeUndefined();
  remove?.();
  expect(stream.add(recordingSink())).toBeDefined();
});

test('a listener that does not read is cut off, and the others go on', () => {
  const { hub } = countingHub();
  const stream = createEventStream({ hub, clock: createFakeClock(NOW_MS) });
  const slow = recordingSink();
  const quick = recordingSink();
  stream.add(slow);
  stream.add(quick);
  slow.writableLength = 1024 * 1024;
  hub.publish(CHANGED);
  expect(slow.ends).toEqual(['destroy']);
  expect(quick.written.at(-1)).toContain('event: status');
  expect(stream.listenerCount()).toBe(1);
});

test('more events than the buffer holds are dropped and counted', async () => {
  const clock = createFakeClock(NOW_MS);
  const { hub } = countingHub();
  const stream = createEventStream({ hub, clock });
  const sink = recordingSink();
  stream.add(sink);
  for (let sent = 0; sent < 2_050; sent += 1) hub.publish(CHECKED);
  await clock.advance(250);
  expect(sink.written.at(-1)).toContain('event: dropped\ndata: {"count":50}\n\n');
});

test('a heartbeat keeps a quiet stream open', async () => {
  const clock = createFakeClock(NOW_MS);
  const { hub } = countingHub();
  const stream = createEventStream({ hub, clock });
  const sink = recordingSink();
  stream.add(sink);
  await clock.advance(31_000);
  expect(sink.written.filter((text) => text.startsWith(':'))).toHaveLength(2);
});

test('stopping ends every stream and takes no new one', () => {
  const clock = createFakeClock(NOW_MS);
  const { hub, count } = countingHub();
  const stream = createEventStream({ hub, clock });
  const sink = recordingSink();
  stream.add(sink);
  stream.stop();
  expect(sink.ends).toEqual(['end']);
  expect([count(), clock.pendingCount()]).toEqual([0, 0]);
  expect(stream.add(recordingSink())).toBeUndefined();
});

test('over HTTP, a status change arrives as an event and a closed browser is taken off', async () => {
  const fake = fakeHttpDeps([buildDetail('files')]);
  const app = await serveApp(fake.deps);
  const abort = new AbortController();
  const response = await fetch(`${app.url}/api/v1/events`, { signal: abort.signal });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader.read()).value).toContain('retry: 2000');
  fake.hub.publish(CHANGED);
  expect((await reader.read()).value).toContain('event: status\ndata: {"server":"files"');
  expect(fake.clock.pendingCount()).toBe(1);
  abort.abort();
  await expect.poll(() => fake.clock.pendingCount()).toBe(0);
});

test('over HTTP, the listener after the last place gets 503 and may come later', async () => {
  const fake = fakeHttpDeps();
  const app = await serveApp(fake.deps);
  const abort = new AbortController();
  const open = await Promise.all(
    Array.from({ length: 100 }, () => fetch(`${app.url}/api/v1/events`, { signal: abort.signal })),
  );
  expect(open.every((response) => response.status === 200)).toBe(true);
  const refused = await app.call('/api/v1/events');
  expect([refused.status, refused.headers['retry-after']]).toEqual([503, '10']);
  expect(refused.headers['content-type']).toContain('application/problem+json');
  abort.abort();
  await expect.poll(() => fake.clock.pendingCount()).toBe(0);
});

test('over HTTP, streams end when the service stops', async () => {
  const fake = fakeHttpDeps();
  const app = await serveApp(fake.deps);
  const response = await fetch(`${app.url}/api/v1/events`);
  fake.stopping.abort();
  expect(await response.text()).toContain('retry');
});

test('alerts and actions are events, without what they say', async () => {
  const clock = createFakeClock();
  const hub = createHub(() => undefined);
  const stream = createEventStream({ hub, clock });
  const sink = recordingSink();
  stream.add(sink);
  hub.publish(buildAlert());
  hub.publish({
    fact: 'action',
    kind: 'note',
    server: 'search',
    alertId: 7,
    atMs: asEpochMs(1),
    by: 'ada',
    text: 'for those who may read it',
  });
  await clock.advance(250);
  const text = sink.written.join('');
  expect(text).toContain(
    'event: alert\ndata: {"alertname":"McpServerOffline","status":"firing","server":"search","severity":"critical",',
  );
  expect(text).toContain('event: action\ndata: {"kind":"note","server":"search","alert_id":7}');
  expect(text).not.toContain('for those who may read it');
  stream.stop();
});
