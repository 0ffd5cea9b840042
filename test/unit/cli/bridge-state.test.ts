import { expect, test } from 'vitest';
import {
  bridgeEffects,
  type BridgeEffect,
  type BridgeEvent,
  type BridgeState,
  createBridgeState,
} from '../../../src/cli/bridge-state.ts';

const withGateway = { kind: 'started', hasGateway: true } as const;
const withoutGateway = { kind: 'started', hasGateway: false } as const;
const directOpened = { kind: 'direct_opened' } as const;
const INITIALIZED = { method: 'notifications/initialized' };

function says(message: object): BridgeEvent {
  return { kind: 'client_line', text: rpc(message) };
}

function hears(message: object): BridgeEvent {
  return { kind: 'server_message', text: rpc(message) };
}

function undelivered(message: object): BridgeEvent {
  return { kind: 'undelivered', text: rpc(message) };
}

function early(message: object): BridgeEvent {
  return { kind: 'early_message', text: rpc(message) };
}

function notTaken(message: object): BridgeEvent {
  return { kind: 'not_taken', text: rpc(message) };
}

function unanswered(id: string | undefined): BridgeEvent {
  return { kind: 'unanswered', request: { id, refusal: 'message_too_large', detail: 'large' } };
}

function rpc(message: object): string {
  return JSON.stringify({ jsonrpc: '2.0', ...message });
}

/** Method and id of a message, or what kind of answer it is. */
function shorten(effect: BridgeEffect): string {
  if (!('text' in effect || 'message' in effect)) return effect.kind.replaceAll('_', ' ');
  if (effect.kind === 'replay_refused') return `replay refused: ${effect.message}`;
  const message = JSON.parse(effect.text) as { method?: string; id?: number | string | null };
  const what = message.method ?? ('result' in message ? 'result' : 'error');
  const id = message.id === undefined ? '' : ` ${message.id}`;
  return `${effect.kind.replaceAll('_', ' ')}: ${what}${id}`;
}

const OPEN_SESSION = [
  withGateway,
  says({ id: 0, method: 'initialize' }),
  hears({ id: 0, result: {} }),
  says(INITIALIZED),
];
const REPLAY_ANSWER = hears({ id: 'mcp-exporter-replay', result: {} });
/** A session that goes on with the server itself. */
const DIRECT_SESSION = [...OPEN_SESSION, undelivered(INITIALIZED), directOpened, REPLAY_ANSWER];
const gatewayBack = { kind: 'gateway_back' } as const;
const PING = { id: 1, method: 'ping' };

test.each<[string, readonly BridgeEvent[], BridgeEvent, readonly string[]]>([
  ['With a gateway nothing is opened', [], withGateway, []],
  ['Without a gateway the server itself is opened at once', [], withoutGateway, ['open direct']],
  ['A line of the client goes to the gateway', [withGateway], says(PING), ['to server: ping 1']],
  [
    'A request whose answer was lost gets an error',
    [withGateway, says(PING), says({ id: 2, method: 'ping' })],
    unanswered('1'),
    ['to client: error 1'],
  ],
  [
    'If it cannot be told which, the only request that waits gets it',
    [withGateway, says(PING)],
    unanswered(undefined),
    ['to client: error 1'],
  ],
  [
    'and none if several wait',
    [withGateway, says(PING), says({ id: 2, method: 'ping' })],
    unanswered(undefined),
    [],
  ],
  ['An answer that nobody waits for is not replaced', [withGateway], unanswered('1'), []],
  ['While the server itself is being opened, a line waits', [withoutGateway], says(PING), []],
  [
    'Once the server itself is open, what waited goes to it',
    [withoutGateway, says({ id: 0, method: 'initialize' }), says(PING)],
    directOpened,
    ['to server: initialize 0', 'to server: ping 1'],
  ],
  [
    'The first message that was not delivered switches over',
    [...OPEN_SESSION, says(PING)],
    undelivered(PING),
    ['open direct'],
  ],
  [
    'A second one does not switch over again',
    [...OPEN_SESSION, undelivered(PING)],
    undelivered({ id: 2, method: 'ping' }),
    [],
  ],
  [
    'A session that was open is opened again before anything else',
    [...OPEN_SESSION, undelivered(PING)],
    directOpened,
    ['replay: initialize mcp-exporter-replay'],
  ],
  [
    'When the server took the session over, what was not delivered goes before what waited',
    [...OPEN_SESSION, undelivered(PING), says({ id: 2, method: 'tools/list' }), directOpened],
    REPLAY_ANSWER,
    ['replay: notifications/initialized', 'to server: ping 1', 'to server: tools/list 2'],
  ],
  [
    'A server that does not take the session over is reported',
    [...OPEN_SESSION, undelivered(PING), directOpened],
    hears({ id: 'mcp-exporter-replay', error: { code: 1, message: 'no' } }),
    ['replay refused: no'],
  ],
  [
    'Requests of the server that are lost with the gateway are cancelled',
    [...OPEN_SESSION, hears({ id: 'q', method: 'sampling/createMessage' })],
    undelivered(PING),
    ['to client: notifications/cancelled', 'open direct'],
  ],
  [
    'A gateway that is back is told the session first',
    DIRECT_SESSION,
    gatewayBack,
    ['replay to gateway: initialize mcp-exporter-replay'],
  ],
  [
    'and takes over once it accepted it',
    [
      ...DIRECT_SESSION,
      says({ id: 5, method: 'logging/setLevel' }),
      hears({ id: 5, result: {} }),
      gatewayBack,
    ],
    early({ id: 'mcp-exporter-replay', result: {} }),
    [
      'take over',
      'replay: notifications/initialized',
      'replay: logging/setLevel mcp-exporter-replay-1',
    ],
  ],
  [
    'What comes meanwhile goes to the server',
    [...DIRECT_SESSION, gatewayBack],
    says(PING),
    ['to server: ping 1'],
  ],
  [
    'It does not take over while a request waits',
    [...DIRECT_SESSION, gatewayBack, says(PING)],
    early({ id: 'mcp-exporter-replay', result: {} }),
    [],
  ],
  [
    'and takes over after its answer',
    [...DIRECT_SESSION, gatewayBack, says(PING), early({ id: 'mcp-exporter-replay', result: {} })],
    hears({ id: 1, result: {} }),
    ['to client: result 1', 'take over', 'replay: notifications/initialized'],
  ],
  [
    'It does not take over while a request of the server waits',
    [...DIRECT_SESSION, hears({ id: 'q', method: 'roots/list' }), gatewayBack],
    early({ id: 'mcp-exporter-replay', result: {} }),
    [],
  ],
  [
    'A gateway that refuses the session is given up',
    [...DIRECT_SESSION, gatewayBack],
    early({ id: 'mcp-exporter-replay', error: { code: 1, message: 'no' } }),
    ['give up return'],
  ],
  [
    'and so is one that agrees on another revision',
    [...DIRECT_SESSION, gatewayBack],
    early({ id: 'mcp-exporter-replay', result: { protocolVersion: '2024-11-05' } }),
    ['give up return'],
  ],
  [
    'One that went away again is given up too',
    [...DIRECT_SESSION, gatewayBack],
    { kind: 'return_failed' },
    ['give up return'],
  ],
  [
    'A client without a session changes over at once, with what it is subscribed to',
    [withoutGateway, directOpened, says({ id: 's', method: 'subscriptions/listen' })],
    gatewayBack,
    ['take over', 'to server: subscriptions/listen s'],
  ],
  [
    'What the gateway said before it took over follows',
    [...DIRECT_SESSION, gatewayBack, early({ method: 'notifications/message' })],
    early({ id: 'mcp-exporter-replay', result: {} }),
    ['take over', 'replay: notifications/initialized', 'to client: notifications/message'],
  ],
  [
    'A session that was opened after the gateway was found is told to it before it takes over',
    [withoutGateway, directOpened, says({ id: 0, method: 'initialize' }), gatewayBack],
    hears({ id: 0, result: {} }),
    ['to client: result 0', 'replay to gateway: initialize mcp-exporter-replay'],
  ],
  [
    'A gateway that is lost once more is replaced once more',
    [...DIRECT_SESSION, gatewayBack, early({ id: 'mcp-exporter-replay', result: {} }), says(PING)],
    undelivered(PING),
    ['open direct'],
  ],
  [
    'A message that the server does not take is refused to the client',
    [withGateway, says(PING)],
    notTaken(PING),
    ['to client: error 1'],
  ],
  [
    'A notification that the server does not take is dropped',
    [withGateway],
    notTaken(INITIALIZED),
    [],
  ],
])('%s', (_name, before, event, effects) => {
  const state = stateAfter(before);
  expect(bridgeEffects(state, event).map(shorten)).toEqual(effects);
});

test('an error for a message that the server does not take has the id as the client wrote it', () => {
  const line = '{"jsonrpc":"2.0","id":1.0,"method":"ping"}';
  const [effect] = bridgeEffects(stateAfter([withGateway]), { kind: 'not_taken', text: line });
  expect(effect).toMatchObject({ text: expect.stringContaining('"id":1.0,') });
});

test('a request waits from the line of the client to the answer, the cancellation or the refusal', () => {
  const state = stateAfter([withGateway]);
  const counts = [
    says(PING),
    says({ id: 2, method: 'ping' }),
    says({ id: 3, method: 'ping' }),
    hears({ id: 1, result: {} }),
    says({ method: 'notifications/cancelled', params: { requestId: 2 } }),
    notTaken({ id: 3, method: 'ping' }),
  ].map((event) => {
    bridgeEffects(state, event);
    return state.waiting.size;
  });
  expect(counts).toEqual([1, 2, 3, 2, 1, 0]);
});

function stateAfter(events: readonly BridgeEvent[]): BridgeState {
  const state = createBridgeState();
  for (const event of events) bridgeEffects(state, event);
  return state;
}
