import { expect, test } from 'vitest';
import { STREAM_EVENTS } from '../../../../src/sinks/web/api/stream-events.ts';
import { EVENTS_KEPT_MAX } from '../../../../src/sinks/web/event-history.ts';
import {
  createEventStream,
  type EventSink,
  type EventStreamOptions,
} from '../../../../src/sinks/web/event-stream.ts';
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

function streamOf(
  options: Pick<EventStreamOptions, 'hub' | 'clock'> & Partial<EventStreamOptions>,
) {
  return createEventStream({
    describeServer: () => undefined,
    readSummary: async () => undefined,
    ...options,
  });
}

/** Events as a browser dispatches them, and the id that it would resume from. */
function eventsOf(sink: RecordingEventSink) {
  const events: { readonly id: string; readonly name: string; readonly data: unknown }[] = [];
  let lastEventId = '';
  for (const block of sink.written.join('').split('\n\n')) {
    const fields = new Map(block.split('\n').map((line) => splitField(line)));
    lastEventId = fields.get('id') ?? lastEventId;
    const data = fields.get('data');
    if (data === undefined) continue;
    events.push({ id: lastEventId, name: fields.get('event') ?? '', data: JSON.parse(data) });
  }
  return { events, names: events.map(({ name }) => name), lastEventId };
}

function splitField(line: string): readonly [string, string] {
  const end = line.indexOf(': ');
  return [line.slice(0, end), line.slice(end + 2)];
}

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
  const stream = streamOf({ hub, clock });
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
  const stream = streamOf({ hub, clock: createFakeClock(NOW_MS) });
  const sink = recordingSink();
  stream.add(sink);
  hub.publish(CHANGED);
  expect(eventsOf(sink).events).toEqual([
    {
      id: expect.any(String),
      name: 'status',
      data: {
        server: 'files',
        old_status: 'healthy',
        new_status: 'offline',
        reason: 'Refused\n\nevent: forged',
        severity: 'critical',
        at: new Date(NOW_MS).toISOString(),
      },
    },
  ]);
});

test('without a listener nothing is subscribed and no timer runs, a minute after the last one left', async () => {
  const clock = createFakeClock(NOW_MS);
  const { hub, count } = countingHub();
  const stream = streamOf({ hub, clock });
  expect([count(), clock.pendingCount()]).toEqual([0, 0]);
  const removers = [stream.add(recordingSink()), stream.add(recordingSink())];
  hub.publish(CHECKED);
  expect([count(), clock.pendingCount()]).toEqual([1, 3]);
  for (const remove of removers) {
    remove?.();
    remove?.();
  }
  expect(stream.listenerCount()).toBe(0);
  await clock.advance(59_000);
  expect([count(), clock.pendingCount()]).toEqual([1, 1]);
  await clock.advance(1_000);
  expect([count(), clock.pendingCount()]).toEqual([0, 0]);
});

test('listeners beyond the bound are refused, and one that leaves makes room', () => {
  const { hub } = countingHub();
  const stream = streamOf({ hub, clock: createFakeClock(NOW_MS), listenersMax: 2 });
  const remove = stream.add(recordingSink());
  expect(stream.add(recordingSink())).toBeDefined();
  expect(stream.add(recordingSink())).toBeUndefined();
  remove?.();
  expect(stream.add(recordingSink())).toBeDefined();
});

test('a listener that does not read is cut off, and the others go on', () => {
  const { hub } = countingHub();
  const stream = streamOf({ hub, clock: createFakeClock(NOW_MS) });
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
  const stream = streamOf({ hub, clock });
  const sink = recordingSink();
  stream.add(sink);
  for (let sent = 0; sent < 2_050; sent += 1) hub.publish(CHECKED);
  await clock.advance(250);
  const { events } = eventsOf(sink);
  expect(events.at(-1)).toMatchObject({ name: 'dropped', data: { count: 50 } });
});

test('a heartbeat keeps a quiet stream open', async () => {
  const clock = createFakeClock(NOW_MS);
  const { hub } = countingHub();
  const stream = streamOf({ hub, clock });
  const sink = recordingSink();
  stream.add(sink);
  await clock.advance(31_000);
  expect(sink.written.filter((text) => text.startsWith(':'))).toHaveLength(2);
});

test('stopping ends every stream and takes no new one', () => {
  const clock = createFakeClock(NOW_MS);
  const { hub, count } = countingHub();
  const stream = streamOf({ hub, clock });
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
  const text = (await reader.read()).value ?? '';
  // What the server was when it changed.
  expect(text).toContain('"tool_count":1,"response_time_ms":12.4,"error_count":0}');
  const [, id = ''] = /^id: (.+)$/m.exec(text) ?? [];
  expect(fake.clock.pendingCount()).toBe(2);
  abort.abort();
  // Only what waits for its return.
  await expect.poll(() => fake.clock.pendingCount()).toBe(1);

  fake.hub.publish({ ...CHANGED, from: 'offline', to: 'healthy' });
  const back = new AbortController();
  for (const init of [
    { path: '', headers: { 'Last-Event-ID': id } },
    { path: `?last_event_id=${id}`, headers: {} },
  ]) {
    const again = await fetch(`${app.url}/api/v1/events${init.path}`, {
      headers: init.headers,
      signal: back.signal,
    });
    const resumed = await again.body!.pipeThrough(new TextDecoderStream()).getReader().read();
    expect(resumed.value).toContain('"old_status":"offline","new_status":"healthy"');
    expect(resumed.value).not.toContain('"new_status":"offline"');
  }
  back.abort();
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
  await expect.poll(() => fake.clock.pendingCount()).toBe(1);
});

test('over HTTP, streams end when the service stops', async () => {
  const fake = fakeHttpDeps();
  const app = await serveApp(fake.deps);
  const response = await fetch(`${app.url}/api/v1/events`);
  fake.stopping.abort();
  expect(await response.text()).toContain('retry');
});

test('every fact that is an event is described', async () => {
  const clock = createFakeClock(NOW_MS);
  const { hub } = countingHub();
  const stream = streamOf({ hub, clock, describeServer: () => buildDetail('files') });
  const sink = recordingSink();
  stream.add(sink);
  const atMs = asEpochMs(NOW_MS);
  const action = { fact: 'action', server: 'search', atMs, by: 'ada', text: 'private' } as const;
  const facts: readonly Fact[] = [
    CHECKED,
    CHANGED,
    buildAlert(),
    { ...action, kind: 'note', alertId: 7 },
    { ...action, kind: 'check', server: '' },
    { ...action, kind: 'auto_disable', text: 'Offline for 1h', untilMs: asEpochMs(NOW_MS + 1) },
    { fact: 'maintenance', server: 'files', atMs, isActive: true, reason: 'move', untilMs: atMs },
    { fact: 'server_removed', server: 'files' },
    { fact: 'reload', atMs, ok: true, detail: '' },
    { fact: 'connectivity', suspected: true, atMs, servers: [] },
    { fact: 'lateness', isLate: true, atMs, detail: 'late' },
    { fact: 'definitions', server: 'files', atMs, changes: [] },
  ];
  for (const fact of facts) hub.publish(fact);
  await clock.advance(250);
  const { events } = eventsOf(sink);
  expect(events).toHaveLength(facts.length);
  expect(new Set(events.map(({ id }) => id)).size).toBe(facts.length);
  const schemas: Readonly<Record<string, { parse(data: unknown): unknown }>> = STREAM_EVENTS;
  for (const { name, data } of events) schemas[name]?.parse(data);
  const dataOf = (name: string) => events.filter((each) => each.name === name);
  expect(dataOf('alert')[0]?.data).toMatchObject({
    alertname: 'McpServerOffline',
    status: 'firing',
    server: 'search',
    severity: 'critical',
  });
  // Who did it and why is in the journal.
  expect(dataOf('action').map(({ data }) => data)).toEqual([
    { kind: 'note', server: 'search', alert_id: 7, at: '2026-11-21T09:15:00.000Z' },
    { kind: 'check', at: '2026-11-21T09:15:00.000Z' },
  ]);
  expect(dataOf('mcp_auto_disabled')[0]?.data).toEqual({
    kind: 'auto_disable',
    server: 'search',
    reason: 'Offline for 1h',
    at: '2026-11-21T09:15:00.000Z',
    until: '2026-11-21T09:15:00.001Z',
  });
  stream.stop();
});

test('a listener that comes back gets what it missed once, without checks', async () => {
  const clock = createFakeClock(NOW_MS);
  const { hub } = countingHub();
  const stream = streamOf({ hub, clock });
  const first = recordingSink();
  const remove = stream.add(first);
  hub.publish(CHANGED);
  const { lastEventId } = eventsOf(first);
  remove?.();
  hub.publish(CHECKED);
  hub.publish(buildAlert());
  await clock.advance(59_000);
  hub.publish({ ...CHANGED, to: 'healthy' });
  // Not sent yet when the listener comes back.
  hub.publish({ fact: 'server_removed', server: 'files' });
  const second = recordingSink();
  stream.add(second, lastEventId);
  await clock.advance(1_000);
  hub.publish({ ...CHANGED, to: 'warning' });
  expect(eventsOf(second).names).toEqual(['alert', 'status', 'removed', 'status']);
});

test('a listener that received nothing yet can resume too', () => {
  const { hub } = countingHub();
  const stream = streamOf({ hub, clock: createFakeClock(NOW_MS) });
  const first = recordingSink();
  const remove = stream.add(first);
  expect(first.written).toEqual([expect.stringMatching(/^retry: 2000\nid: \S+\n\n$/)]);
  remove?.();
  hub.publish(CHANGED);
  const second = recordingSink();
  stream.add(second, eventsOf(first).lastEventId);
  expect(eventsOf(second).names).toEqual(['status']);
});

test('a listener is reset if it was away too long, or listened to another process', async () => {
  const clock = createFakeClock(NOW_MS);
  const { hub } = countingHub();
  const stream = streamOf({ hub, clock });
  const first = recordingSink();
  stream.add(first)?.();
  const { lastEventId } = eventsOf(first);
  const resume = (id: string) => {
    const sink = recordingSink();
    stream.add(sink, id)?.();
    return eventsOf(sink);
  };
  expect(resume(lastEventId).names).toEqual([]);
  for (const id of ['other-3', 'nonsense', '-1', `${lastEventId}0`])
    expect(resume(id).events.map(({ data }) => data)).toEqual([{ reason: 'restarted' }]);
  await clock.advance(60_000);
  const late = resume(lastEventId);
  expect(late.events.map(({ name, data }) => [name, data])).toEqual([
    ['reset', { reason: 'expired' }],
  ]);
  // The reset itself is a place to resume from.
  expect(resume(late.lastEventId).names).toEqual([]);
});

test('only the newest events are kept', () => {
  const { hub } = countingHub();
  const stream = streamOf({ hub, clock: createFakeClock(NOW_MS) });
  const first = recordingSink();
  const remove = stream.add(first);
  const ids = [eventsOf(first).lastEventId];
  for (let sent = 0; sent <= EVENTS_KEPT_MAX; sent += 1) {
    hub.publish({ ...CHANGED, reason: '' });
    ids.push(eventsOf({ ...first, written: [first.written.at(-1) ?? ''] }).lastEventId);
  }
  remove?.();
  const namesSince = (id: string | undefined) => {
    const sink = recordingSink();
    stream.add(sink, id)?.();
    return eventsOf(sink).names;
  };
  expect(namesSince(ids[0])).toEqual(['reset']);
  expect(namesSince(ids[1])).toHaveLength(EVENTS_KEPT_MAX);
  // Long events are kept up to a size that a listener may be behind.
  const again = stream.add(recordingSink());
  for (let sent = 0; sent < 10; sent += 1) hub.publish({ ...CHANGED, reason: 'x'.repeat(100_000) });
  again?.();
  expect(namesSince(ids.at(-1))).toEqual(['reset']);
});

test('a summary every five seconds, once for all listeners, and only while somebody listens', async () => {
  const clock = createFakeClock(NOW_MS);
  const { hub } = countingHub();
  let asked = 0;
  const readSummary = async () => {
    asked += 1;
    return { source: 'process', asked };
  };
  const stream = streamOf({ hub, clock, readSummary });
  await clock.advance(60_000);
  const sinks = [recordingSink(), recordingSink()];
  const removers = sinks.map((sink) => stream.add(sink));
  await clock.advance(11_000);
  for (const sink of sinks)
    expect(eventsOf(sink).events).toMatchObject([
      { name: 'summary', data: { asked: 1 } },
      { name: 'summary', data: { asked: 2 } },
    ]);
  for (const remove of removers) remove?.();
  await clock.advance(60_000);
  expect(asked).toBe(2);
});

test('a summary that takes long is not asked for twice, and none is sent if there is none', async () => {
  const clock = createFakeClock(NOW_MS);
  const { hub } = countingHub();
  const answers: ((data: undefined) => void)[] = [];
  const readSummary = () => new Promise<undefined>((resolve) => answers.push(resolve));
  const stream = streamOf({ hub, clock, readSummary });
  const sink = recordingSink();
  stream.add(sink);
  await clock.advance(30_000);
  expect(answers).toHaveLength(1);
  answers[0]?.(undefined);
  await clock.advance(5_000);
  expect([answers.length, eventsOf(sink).names]).toEqual([2, []]);
});
