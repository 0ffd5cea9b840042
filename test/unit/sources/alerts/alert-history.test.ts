import { expect, test } from 'vitest';
import { createAlertHistory } from '../../../../src/sources/alerts/alert-history.ts';
import type { AlertRecord, AlertStore } from '../../../../src/facts/ports/alert-store.ts';
import type { ActionTaken, AlertEvent } from '../../../../src/facts/alert-event.ts';
import { createFakeClock } from '../../../fakes/fake-clock.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 9, 30);

function notification(...alertnames: readonly string[]): unknown {
  const alerts = alertnames.map((alertname) => ({
    status: 'firing',
    labels: { alertname },
    startsAt: '2026-11-21T09:14:43Z',
    fingerprint: alertname,
  }));
  return { version: '4', receiver: 'history', alerts };
}

function setUp(changes: Partial<AlertStore> = {}) {
  const said: (AlertEvent | ActionTaken)[] = [];
  const saved: string[] = [];
  const store: AlertStore = {
    isOff: false,
    async saveAlerts(events) {
      expect(said).toEqual([]);
      saved.push(...events.map(({ alertname }) => alertname));
    },
    async saveNote() {
      expect(said).toEqual([]);
      return true;
    },
    findAlerts: async () => [],
    noteWatchdog: (atMs) => saved.push(`watchdog ${atMs}`),
    watchdogAtMs: () => undefined,
    ...changes,
  };
  const clock = createFakeClock(NOW_MS);
  const history = createAlertHistory({ clock, store, publish: (fact) => said.push(fact) });
  return { history, said, saved, clock };
}

test('a notification is told only after it was kept', async () => {
  const { history, said, saved } = setUp();
  expect(await history.receive(notification('A', 'B'))).toEqual({
    ok: true,
    alerts: 2,
    problems: [],
    isKept: true,
  });
  expect(saved).toEqual(['A', 'B']);
  expect(said.map((fact) => fact.fact)).toEqual(['alert', 'alert']);
});

test('a notification that cannot be kept is neither acknowledged nor told', async () => {
  const { history, said } = setUp({ saveAlerts: () => Promise.reject(new Error('disk full')) });
  await expect(history.receive(notification('A'))).rejects.toThrow('disk full');
  expect(said).toEqual([]);
});

test('what is no notification is refused with the reason', async () => {
  const { history, saved } = setUp();
  expect(await history.receive({})).toEqual({ ok: false, problem: 'version must be "4"' });
  expect(saved).toEqual([]);
});

test('the Watchdog is heard and told, and is no part of the history', async () => {
  const { history, said, saved, clock } = setUp();
  expect(history.watchdogHeardAtMs()).toBeUndefined();
  await clock.advance(1_000);
  await history.receive(notification('Watchdog', 'A'));
  expect(history.watchdogHeardAtMs()).toBe(NOW_MS + 1_000);
  expect(saved).toEqual([`watchdog ${NOW_MS + 1_000}`, 'A']);
  expect(said).toHaveLength(2);
});

test('the Watchdog is heard even while nothing can be kept', async () => {
  const { history } = setUp({ saveAlerts: () => Promise.reject(new Error('disk full')) });
  await expect(history.receive(notification('Watchdog'))).resolves.toMatchObject({ ok: true });
  expect(history.watchdogHeardAtMs()).toBe(NOW_MS);
});

test('a Watchdog that is resolved was not heard: Prometheus has stopped sending it', async () => {
  const { history } = setUp();
  const resolved = {
    status: 'resolved',
    labels: { alertname: 'Watchdog' },
    startsAt: '2026-11-21T09:00:00Z',
    endsAt: '2026-11-21T09:20:00Z',
  };
  await history.receive({ version: '4', alerts: [resolved] });
  expect(history.watchdogHeardAtMs()).toBeUndefined();
});

test('when the Watchdog was heard survives a restart', () => {
  expect(setUp({ watchdogAtMs: () => asEpochMs(7) }).history.watchdogHeardAtMs()).toBe(7);
});

test('where nothing is kept by the configuration alerts are told all the same', async () => {
  const { history, said, saved } = setUp({ isOff: true });
  expect(await history.receive(notification('A'))).toMatchObject({ ok: true, isKept: false });
  expect(saved).toEqual([]);
  expect(said).toHaveLength(1);
});

const RECORD = { id: 7, server: 'search' } as AlertRecord;

test('a note is told after it was kept, with the server of its alert', async () => {
  const { history, said } = setUp({ findAlerts: async ({ id }) => (id === 7 ? [RECORD] : []) });
  expect(await history.addAction({ id: 7, kind: 'note', by: 'ada', text: 'restarted it' })).toBe(
    true,
  );
  expect(said).toEqual([
    {
      fact: 'action',
      kind: 'note',
      server: 'search',
      alertId: 7,
      atMs: NOW_MS,
      by: 'ada',
      text: 'restarted it',
    },
  ]);
});

test('a note on an alert that is not there, or no more, is not told', async () => {
  const never = setUp();
  expect(await never.history.addAction({ id: 8, kind: 'note', by: 'ada', text: 'x' })).toBe(false);
  const gone = setUp({ findAlerts: async () => [RECORD], saveNote: async () => false });
  expect(await gone.history.addAction({ id: 7, kind: 'note', by: 'ada', text: 'x' })).toBe(false);
  expect([...never.said, ...gone.said]).toEqual([]);
});

test('what was done is told at once, with its time', () => {
  const { history, said } = setUp();
  history.noteAction({ kind: 'check', server: 'search', by: 'ada', text: 'steady: ok' });
  expect(said).toEqual([
    {
      fact: 'action',
      kind: 'check',
      server: 'search',
      by: 'ada',
      text: 'steady: ok',
      atMs: NOW_MS,
    },
  ]);
});
