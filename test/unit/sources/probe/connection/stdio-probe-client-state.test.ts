import { expect, test } from 'vitest';
import type { ChildChannel } from '../../../../../src/protocol/stdio/child-channel.ts';
import type { RequestResult } from '../../../../../src/protocol/probe-client.ts';
import {
  type LaunchedChild,
  type StdioProbeClientEvent,
  type StdioProbeClientState,
  probeClientEffects,
} from '../../../../../src/sources/probe/connection/stdio-probe-client-state.ts';

const CHANNEL = {} as ChildChannel;
const OTHER_CHANNEL = {} as ChildChannel;
const OPENED = { ok: true, channel: CHANNEL } as LaunchedChild;
const FAILURE = { outcome: 'timeout', detail: 'No answer.' } as const;

const open = { kind: 'open', delayMs: 0 } as const;
const openEarly = { kind: 'open', delayMs: 500 } as const;
const started = { kind: 'started', opened: OPENED } as const;
const failed = { kind: 'started', opened: undefined } as const;
const closed = { kind: 'closed' } as const;
const lost = { kind: 'child_ended', channel: CHANNEL } as const;
const otherLost = { kind: 'child_ended', channel: OTHER_CHANNEL } as const;
const answered = replied({ ok: true, result: {} });
const silent = replied({ ok: false, failure: FAILURE });
const refused = replied({ ok: false, failure: { outcome: 'rpc_error', detail: 'No.' } });

function replied(result: RequestResult, channel = CHANNEL): StdioProbeClientEvent {
  return { kind: 'replied', channel, result };
}

test.each<[string, readonly StdioProbeClientEvent[], readonly string[], 'open' | 'closed']>([
  ['The first open starts a child', [open, started], ['start'], 'open'],
  ['A child that is starting is waited for', [open, open, open, started], ['start'], 'open'],
  ['A kept child is not started again', [open, started, open, openEarly], ['start'], 'open'],
  ['No child is started within the back-off', [openEarly], [], 'closed'],
  [
    'After a failed start the next open starts anew',
    [open, failed, open],
    ['start', 'start'],
    'closed',
  ],
  [
    'After the end of its child the next open starts anew',
    [open, started, lost, open],
    ['start', 'start'],
    'closed',
  ],
  ['The end of an earlier child changes nothing', [open, started, otherLost], ['start'], 'open'],
  [
    'After a close the next open starts anew',
    [open, started, closed, open],
    ['start', 'start'],
    'closed',
  ],
  [
    'A child that leaves two requests in a row unanswered is discarded',
    [open, started, silent, silent],
    ['start', 'discard'],
    'closed',
  ],
  [
    'Any answer in between starts the count anew, a refusal too',
    [open, started, silent, answered, silent, refused, silent],
    ['start'],
    'open',
  ],
  [
    'What an earlier child left unanswered does not count',
    [open, started, silent, lost, open, started, silent],
    ['start', 'start'],
    'open',
  ],
  [
    'Silence of a child that is no longer kept does not count',
    [open, started, lost, silent, silent, silent],
    ['start'],
    'closed',
  ],
])('%s', (_name, events, effects, expected) => {
  const state: StdioProbeClientState = { isStarting: false, unanswered: 0 };
  const performed = events.flatMap((event) => probeClientEffects(state, event)?.kind ?? []);
  expect(performed).toEqual(effects);
  expect(state.opened ? 'open' : 'closed').toBe(expected);
});

test('a discarded child is blamed for its last failure', () => {
  const state: StdioProbeClientState = { isStarting: false, unanswered: 1, opened: OPENED };
  expect(probeClientEffects(state, silent)).toEqual({
    kind: 'discard',
    channel: CHANNEL,
    failure: FAILURE,
  });
});
