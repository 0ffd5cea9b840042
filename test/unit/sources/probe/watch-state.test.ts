import { expect, test } from 'vitest';
import type { CheckReport } from '../../../../src/facts/check-report.ts';
import { asEpochMs, asMonotonicMs } from '../../../../src/facts/time.ts';
import {
  createWatchState,
  isActive,
  nextEffects,
  type WatchEffect,
  type WatchEvent,
  type WatchMoment,
  type WatchState,
} from '../../../../src/sources/probe/watch-state.ts';
import { MONITOR } from '../../../fakes/build-server.ts';

type Health = WatchMoment['health'];
/** Seconds on the monotonic clock, the event, and what is different about the server from then on. */
type Step = readonly [number, WatchEvent, Partial<Health>?];

const UNKNOWN: Health = {
  status: 'unknown',
  consecutiveFailures: 0,
  consecutiveDown: 0,
  consecutiveSuccesses: 0,
};
const WELL: Health = { ...UNKNOWN, status: 'healthy', consecutiveSuccesses: 1 };
const STRUCK: Partial<Health> = { consecutiveDown: 1, consecutiveSuccesses: 0 };

const REPORT: CheckReport = {
  kind: 'steady',
  outcome: 'ok',
  detail: 'answered',
  startedAtMs: asEpochMs(0),
  durationMs: 20,
  phasesMs: {},
  steps: [],
  bytesSent: 1,
  bytesReceived: 1,
};
const REFUSED: CheckReport = { ...REPORT, outcome: 'refused' };
const DEEP: CheckReport = { ...REPORT, kind: 'deep' };
const GONE_OFFLINE = {
  atMs: asEpochMs(0),
  from: 'healthy',
  to: 'offline',
  reason: 'it was refused',
} as const;

const start = { kind: 'started', delayMs: 0, isForced: false } as const;
const steadyTimer = { kind: 'timer_fired', check: 'steady', pausedMs: 0 } as const;
const deepTimer = { kind: 'timer_fired', check: 'deep', pausedMs: 0 } as const;
const halt = { kind: 'halted' } as const;
const witness = { kind: 'witness_requested' } as const;
const failedCall = { kind: 'call_ended', reason: 'failed' } as const;

function slot(check: 'steady' | 'deep', ticket: number): WatchEvent {
  return { kind: 'slot_free', check, ticket };
}

function request(check: 'steady' | 'deep'): WatchEvent {
  return { kind: 'check_requested', check };
}

function reported(
  changes: Partial<Extract<WatchEvent, { kind: 'steady_reported' }>> = {},
): WatchEvent {
  return {
    kind: 'steady_reported',
    report: REPORT,
    wasOffline: false,
    isConnectivitySuspected: false,
    change: undefined,
    hasNewIdentity: false,
    isFirstSuccess: false,
    random: 0.5,
    ...changes,
  };
}

function inspected(
  changes: Partial<Extract<WatchEvent, { kind: 'deep_reported' }>> = {},
): WatchEvent {
  return {
    kind: 'deep_reported',
    report: DEEP,
    change: undefined,
    definitionChanges: [],
    isFirstSnapshot: false,
    endedAtMs: asEpochMs(0),
    random: 0.5,
    ...changes,
  };
}

const SNAPSHOT = { takenAtMs: asEpochMs(0), lists: {} };

function ended(report: CheckReport): WatchEvent {
  return { kind: 'check_ended', report };
}

/** Effects in one word each, so that a row of a table stays readable. */
function shorten(effect: WatchEffect): string {
  switch (effect.kind) {
    case 'set_timer':
      return `${effect.check} in ${effect.delayMs / 1_000} s`;
    case 'clear_timer':
      return `clear ${effect.check}`;
    case 'take_ticket':
      return `ticket ${effect.ticket} ${effect.check}${effect.priority > 0 ? ' urgent' : ''}`;
    case 'run_check':
      return `run ${effect.check}`;
    case 'publish':
      return `publish ${effect.fact.fact}`;
    case 'ask_witnesses':
      return `ask witnesses against ${effect.host}`;
    case 'share_pause':
      return `share a pause of ${effect.pauseMs / 1_000} s`;
    case 'answer':
      return `answer ${effect.check} with ${effect.report?.outcome ?? 'undefined'}`;
    case 'weigh_calls':
    case 'forget_connectivity':
    case 'abort_check':
      return effect.kind.replace('_', ' ');
  }
}

function createState(changes: Partial<WatchState> = {}): WatchState {
  const spec = { name: 'a', monitor: MONITOR, hasCredentials: false };
  return { ...createWatchState(spec, { host: undefined, isCheckable: true }), ...changes };
}

/** The effects of the last step. */
function play(steps: readonly Step[], state = createState()): readonly WatchEffect[] {
  let health = WELL;
  let effects: readonly WatchEffect[] = [];
  for (const [seconds, event, changes] of steps) {
    health = { ...health, ...changes };
    effects = nextEffects(state, event, { atMs: asMonotonicMs(seconds * 1_000), health });
  }
  return effects;
}

/** A watch whose first steady and deep check succeeded; the next steady check is due at 30 s, the deep one at 600 s. */
const IDLE: readonly Step[] = [
  [0, start],
  [0, steadyTimer],
  [0, slot('steady', 1)],
  [0, reported()],
  [0, ended(REPORT)],
  [0, slot('deep', 2)],
  [0, inspected()],
  [0, ended(DEEP)],
];
const STEADY_RUNNING: readonly Step[] = [...IDLE, [10, request('steady')], [10, slot('steady', 3)]];
const DEEP_RUNNING: readonly Step[] = [...IDLE, [10, deepTimer], [10, slot('deep', 3)]];

test.each<[string, readonly Step[], readonly string[]]>([
  // When a check is wanted.
  ['sets the timer of the first check', [[0, { ...start, delayMs: 5_000 }]], ['steady in 5 s']],
  [
    'takes an urgent ticket at once for a forced start',
    [[0, { ...start, isForced: true }, UNKNOWN]],
    ['ticket 1 steady urgent'],
  ],
  [
    'takes a ticket when the timer fires, and none for a deep check before the first success',
    [
      [0, start, UNKNOWN],
      [0, steadyTimer],
    ],
    ['ticket 1 steady'],
  ],
  [
    'takes a second, urgent ticket when a caller asks for a check that waits',
    [
      [0, start, UNKNOWN],
      [0, steadyTimer],
      [1, request('steady')],
    ],
    ['ticket 2 steady urgent'],
  ],
  [
    'takes no second ticket of the same priority',
    [
      [0, start, UNKNOWN],
      [0, request('steady')],
      [1, request('steady')],
    ],
    [],
  ],
  ['takes a ticket for a deep check that is due', [...IDLE, [600, deepTimer]], ['ticket 3 deep']],
  [
    'takes no ticket for a deep check that is due while Offline',
    [...IDLE, [600, deepTimer, { status: 'offline' }]],
    [],
  ],
  [
    'takes no ticket for a deep check that is due after a failed check',
    [...IDLE, [600, deepTimer, { consecutiveSuccesses: 0 }]],
    [],
  ],
  ['takes no ticket while a check runs', [...STEADY_RUNNING, [10, deepTimer]], []],

  // When a check is queued.
  [
    'runs the check of a ticket and clears its timer',
    [
      [0, start, UNKNOWN],
      [0, steadyTimer],
      [0, slot('steady', 1)],
    ],
    ['clear steady', 'run steady'],
  ],
  [
    'ignores the slot of a ticket that a more urgent one replaced',
    [
      [0, start, UNKNOWN],
      [0, steadyTimer],
      [1, request('steady')],
      [2, slot('steady', 1)],
    ],
    [],
  ],
  [
    'ignores the slot of a ticket that was used',
    [
      [0, start, UNKNOWN],
      [0, steadyTimer],
      [0, slot('steady', 1)],
      [1, slot('steady', 1)],
    ],
    [],
  ],
  [
    'ignores a slot while the other check runs',
    [
      ...IDLE,
      [600, deepTimer],
      [600, request('steady')],
      [600, slot('steady', 4)],
      [601, slot('deep', 3)],
    ],
    [],
  ],
  [
    'ignores the slot of a deep check when the server has failed meanwhile',
    [...IDLE, [600, deepTimer], [601, slot('deep', 3), { consecutiveSuccesses: 0 }]],
    [],
  ],

  // What a steady report leads to.
  [
    'schedules the next check, publishes and compares with the calls after a success',
    [...STEADY_RUNNING, [10, reported()]],
    ['steady in 29.98 s', 'publish probe', 'weigh calls'],
  ],
  [
    'follows up soon after the first success',
    [...STEADY_RUNNING, [10, reported({ isFirstSuccess: true })]],
    ['steady in 3 s', 'publish probe', 'weigh calls'],
  ],
  [
    'retries after a first failure',
    [...STEADY_RUNNING, [10, reported({ report: REFUSED }), STRUCK]],
    ['steady in 3 s', 'share a pause of 3 s', 'publish probe', 'weigh calls'],
  ],
  [
    'waits for Retry-After',
    [...STEADY_RUNNING, [10, reported({ report: { ...REPORT, retryAfterMs: 90_000 } })]],
    ['steady in 90 s', 'share a pause of 90 s', 'publish probe', 'weigh calls'],
  ],
  [
    'publishes a status change and forgets what an Offline server says about our network',
    [
      ...STEADY_RUNNING,
      [
        10,
        reported({ report: REFUSED, change: GONE_OFFLINE }),
        { status: 'offline', consecutiveDown: 3 },
      ],
    ],
    [
      'steady in 29.98 s',
      'share a pause of 3 s',
      'publish probe',
      'publish status',
      'weigh calls',
      'forget connectivity',
    ],
  ],
  [
    'expedites the deep check when the identity changes',
    [...STEADY_RUNNING, [100, reported({ hasNewIdentity: true })]],
    ['steady in 29.98 s', 'publish probe', 'weigh calls', 'deep in 0 s'],
  ],
  [
    'expedites the deep check to a minute after the last one',
    [...STEADY_RUNNING, [20, reported({ hasNewIdentity: true })]],
    ['steady in 29.98 s', 'publish probe', 'weigh calls', 'deep in 40 s'],
  ],
  [
    'expedites the deep check after recovery from Offline',
    [...STEADY_RUNNING, [100, reported({ wasOffline: true })]],
    ['steady in 29.98 s', 'publish probe', 'weigh calls', 'deep in 0 s'],
  ],
  [
    'does not expedite the deep check before Offline has cleared',
    [
      ...STEADY_RUNNING,
      [100, reported({ wasOffline: true }), { status: 'offline', consecutiveDown: 3 }],
    ],
    ['steady in 29.98 s', 'publish probe', 'weigh calls'],
  ],

  // What a deep report leads to.
  [
    'schedules the next deep check after a success',
    [...DEEP_RUNNING, [10, inspected()]],
    ['deep in 600 s', 'publish probe'],
  ],
  [
    'repeats a failed deep check sooner',
    [...DEEP_RUNNING, [10, inspected({ report: { ...DEEP, outcome: 'rpc_error' } })]],
    ['deep in 15 s', 'publish probe'],
  ],
  [
    'publishes changed definitions before the report',
    [
      ...DEEP_RUNNING,
      [10, inspected({ definitionChanges: [{ kind: 'tools', change: 'added', name: 'read' }] })],
    ],
    ['deep in 600 s', 'publish definitions', 'publish probe'],
  ],
  [
    'publishes what was read first',
    [...DEEP_RUNNING, [10, inspected({ isFirstSnapshot: true, snapshot: SNAPSHOT })]],
    ['deep in 600 s', 'publish definitions_read', 'publish probe'],
  ],
  [
    'publishes what was read if it changed',
    [
      ...DEEP_RUNNING,
      [
        10,
        inspected({
          snapshot: SNAPSHOT,
          definitionChanges: [{ kind: 'tools', change: 'added', name: 'read' }],
        }),
      ],
    ],
    ['deep in 600 s', 'publish definitions', 'publish definitions_read', 'publish probe'],
  ],
  [
    'publishes nothing that was read again unchanged',
    [...DEEP_RUNNING, [10, inspected({ snapshot: SNAPSHOT })]],
    ['deep in 600 s', 'publish probe'],
  ],

  // How a check ends.
  [
    'answers the callers of a steady check',
    [...STEADY_RUNNING, [11, ended(REPORT)]],
    ['answer steady with ok'],
  ],
  [
    'answers callers once',
    [
      ...STEADY_RUNNING,
      [11, ended(REPORT)],
      [40, steadyTimer],
      [40, slot('steady', 4)],
      [41, ended(REPORT)],
    ],
    [],
  ],
  [
    'takes a ticket for the deep check that a caller waits for',
    [
      ...IDLE,
      [10, request('deep')],
      [10, slot('steady', 3)],
      [11, reported()],
      [11, ended(REPORT)],
    ],
    ['ticket 4 deep urgent'],
  ],
  [
    'answers callers of a deep check with a failed steady report',
    [
      ...IDLE,
      [10, request('deep')],
      [10, slot('steady', 3)],
      [11, reported({ report: REFUSED }), STRUCK],
      [11, ended(REFUSED)],
    ],
    ['answer deep with refused'],
  ],
  [
    'takes the ticket of a steady check that fell due during a deep one',
    [...DEEP_RUNNING, [30, steadyTimer], [31, ended(DEEP)]],
    ['ticket 4 steady'],
  ],

  // Requests.
  [
    'takes an urgent ticket for a request',
    [...IDLE, [10, request('steady')]],
    ['ticket 3 steady urgent'],
  ],
  ['lets a running steady check serve a request', [...STEADY_RUNNING, [11, request('steady')]], []],
  [
    'lets a running steady check come before a deep request',
    [...STEADY_RUNNING, [11, request('deep')]],
    [],
  ],
  ['lets a running deep check serve a deep request', [...DEEP_RUNNING, [11, request('deep')]], []],
  ['takes an ordinary ticket for a witness', [...IDLE, [10, witness]], ['ticket 3 steady']],
  ['lets a running check serve as witness', [...STEADY_RUNNING, [10, witness]], []],

  // Calls and children.
  ['expedites the check to now when a call fails', [...IDLE, [10, failedCall]], ['steady in 0 s']],
  ['expedites no check before the start', [[0, failedCall]], []],
  ['expedites no check that is due', [...IDLE, [30, steadyTimer], [30, failedCall]], []],
  ['expedites no check while one runs', [...STEADY_RUNNING, [11, failedCall]], []],
  ['expedites no retry', [...IDLE, [10, failedCall, { consecutiveDown: 1 }]], []],
  [
    'expedites one check per retry interval',
    [
      ...IDLE,
      [10, failedCall],
      [10, slot('steady', 3)],
      [11, steadyTimer],
      [11, slot('steady', 3)],
      [11, reported()],
      [11, ended(REPORT)],
      [12, failedCall],
    ],
    ['steady in 1 s'],
  ],
  [
    'expedites no check beyond its schedule when calls succeed',
    [...IDLE, [10, { kind: 'call_ended', reason: 'answered' }]],
    [],
  ],
  [
    'expedites the check to a retry interval after the last one when a call recovers',
    [...IDLE, [1, { kind: 'call_ended', reason: 'recovered' }, { consecutiveDown: 1 }]],
    ['steady in 2 s'],
  ],
  [
    'expedites the check to the end of the back-off when the child exits',
    [...IDLE, [10, { kind: 'child_exited', pauseMs: 2_000 }]],
    ['steady in 2 s'],
  ],
  [
    'expedites no check before the end of a back-off when a call fails',
    [...IDLE, [10, { kind: 'child_exited', pauseMs: 15_000 }], [11, failedCall]],
    [],
  ],
  [
    'expedites no check before the end of Retry-After',
    [
      ...STEADY_RUNNING,
      [10, reported({ report: { ...REPORT, retryAfterMs: 20_000 } })],
      [10, ended(REPORT)],
      [11, failedCall],
    ],
    ['steady in 19 s'],
  ],

  // The end.
  [
    'clears timers and aborts when halted',
    [...IDLE, [10, halt]],
    ['clear steady', 'clear deep', 'abort check'],
  ],
  [
    'answers all callers with undefined when halted',
    [...STEADY_RUNNING, [10, request('deep')], [11, halt]],
    [
      'clear steady',
      'clear deep',
      'abort check',
      'answer steady with undefined',
      'answer deep with undefined',
    ],
  ],
  ['ignores a report after it was halted', [...STEADY_RUNNING, [11, halt], [12, reported()]], []],
  [
    'ends a check after it was halted',
    [...STEADY_RUNNING, [11, halt], [12, { kind: 'check_ended' }]],
    [],
  ],
  [
    'ignores a slot after it was halted',
    [...IDLE, [30, steadyTimer], [31, halt], [32, slot('steady', 3)]],
    [],
  ],
  ['ignores a timer after it was halted', [...IDLE, [31, halt], [32, steadyTimer]], []],
  ['ignores a call after it was halted', [...IDLE, [31, halt], [32, failedCall]], []],
])('%s', (_title, steps, expected) => {
  expect(play(steps).map(shorten)).toEqual(expected);
});

test.each<[string, CheckReport['outcome'], number, readonly string[]]>([
  [
    'asks witnesses after a first failure that our network may cause',
    'dns',
    1,
    ['ask witnesses against h'],
  ],
  ['asks no witnesses after a second one', 'dns', 2, []],
  ['asks no witnesses when the server refuses', 'refused', 1, []],
])('%s', (_title, outcome, consecutiveDown, expected) => {
  const event = reported({ report: { ...REPORT, outcome } });
  const effects = play(
    [...STEADY_RUNNING, [10, event, { consecutiveDown }]],
    createState({ host: 'h' }),
  );
  const asked = effects.map(shorten).filter((effect) => effect.startsWith('ask'));
  expect(asked).toEqual(expected);
});

const pausedTimer = { kind: 'timer_fired', check: 'steady', pausedMs: 60_000 } as const;

test('a pause of the origin puts a check off once', () => {
  const state = createState();
  expect(
    play(
      [
        [0, start],
        [0, pausedTimer],
      ],
      state,
    ).map(shorten),
  ).toEqual(['steady in 60 s']);
  const effects = play([[60, pausedTimer]], state).map(shorten);
  expect(effects.some((effect) => effect.startsWith('steady in'))).toBe(false);
  expect(state.steady.wanted).toBeDefined();
});

test('a timer that fires late is part of the lag', () => {
  const state = createState();
  // The check is due at 29.98 s.
  const effects = play(
    [...IDLE, [31, steadyTimer], [32, slot('steady', 3)], [32, reported()]],
    state,
  );
  expect(effects[1]).toMatchObject({ fact: { fact: 'probe', lagMs: 2_020 } });
});

test('publishes the lag of a steady check, and none of a deep one', () => {
  const state = createState();
  const steady = play(
    [...IDLE, [30, steadyTimer], [32, slot('steady', 3)], [32, reported()]],
    state,
  );
  expect(steady[1]).toMatchObject({ fact: { fact: 'probe', lagMs: 2_020, nextInMs: 29_980 } });
  const deep = play(
    [
      [32, ended(REPORT)],
      [32, deepTimer],
      [40, slot('deep', 4)],
      [40, inspected()],
    ],
    state,
  );
  expect(deep[1]).toMatchObject({ fact: { fact: 'probe', lagMs: 0, nextInMs: 29_980 } });
});

test.each<[string, readonly Step[]]>([
  ['a start', [[0, { ...start, isForced: true }]]],
  ['a request', [[0, request('steady')]]],
  ['a witness', [[0, witness]]],
  ['a call', [[0, failedCall]]],
  ['a halt', [[0, halt]]],
])('ignores %s when the server cannot be checked', (_title, steps) => {
  const state = createState({ isCheckable: false });
  expect(isActive(state)).toBe(false);
  expect(play(steps, state)).toEqual([]);
});
