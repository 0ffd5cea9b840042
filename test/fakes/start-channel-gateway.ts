import { onTestFinished } from 'vitest';
import type { CallRecord } from '../../src/facts/call-record.ts';
import type {
  ChannelListener,
  OpenChannel,
  FailedRequest,
} from '../../src/protocol/message-channel.ts';
import type { ChannelUpstreamOptions } from '../../src/sources/gateway/channel-common.ts';
import { createChannelUpstream } from '../../src/sources/gateway/channel-upstream.ts';
import { createGateway } from '../../src/sources/gateway/create-gateway.ts';
import { buildTracker, callsInto } from './build-tracker.ts';
import { buildServer } from './build-server.ts';
import { failTest } from './fail-test.ts';
import { createFakeClock } from './fake-clock.ts';

interface Sent {
  readonly id: number;
  readonly method: string;
  readonly params?: { readonly name?: string; readonly _meta?: { progressToken?: unknown } };
}

const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** A gateway in front of one channel, on a clock of the test; the test says what the server sends. */
export async function startChannelGateway(changes: Partial<ChannelUpstreamOptions> = {}) {
  const clock = createFakeClock();
  const sent: Sent[] = [];
  const records: CallRecord[] = [];
  let listener: ChannelListener | undefined;
  /** The server will not answer a request. */
  const lose = (request: FailedRequest): void => listener?.onRequestFailed(request.id, request);
  const emit = (message: object): void =>
    listener?.onMessage(JSON.stringify({ jsonrpc: '2.0', ...message }));
  const open: OpenChannel = (given) => {
    listener = given;
    const send = (text: string): boolean => {
      const message = JSON.parse(text) as Sent;
      sent.push(message);
      if (message.method === 'initialize')
        setImmediate(() => emit({ id: message.id, result: { protocolVersion: '2025-11-25' } }));
      return true;
    };
    return Promise.resolve({ ok: true, channel: { send, close: () => Promise.resolve() } });
  };
  const createTracker = () => buildTracker({ server: 'a', clock, hub: callsInto(records) });
  const gateway = createGateway({
    clock,
    edge: { admit: () => ({ ok: true, place: { enter: () => true, leave: () => undefined } }) },
    bodyBytesMax: 1_000_000,
    onFault: failTest,
    unknownServers: createTracker(),
    createTracker,
    createUpstream: (_spec, tracker) =>
      createChannelUpstream({
        clock,
        tracker,
        open,
        onFault: failTest,
        knownEra: () => undefined,
        assumedEra: () => undefined,
        sessionsMax: 5,
        idleMs: 60_000,
        answerTimeoutMs: 60_000,
        discoverTimeoutMs: 60_000,
        ...changes,
      }),
  });
  gateway.apply([buildServer('a')]);
  const { port } = await gateway.listen('127.0.0.1', 0);
  onTestFinished(() => gateway.stop(0));
  const post = (message: object, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/a/mcp`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
  /** A request of revision 2026-07-28. */
  const postModern = (
    id: number | string,
    method: string,
    params: object = {},
    meta: object = {},
  ): Promise<Response> => {
    const name = 'name' in params ? { 'mcp-name': String(params.name) } : {};
    return post(
      { id, method, params: { ...params, _meta: { ...ENVELOPE, ...meta } } },
      { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, ...name },
    );
  };
  /** @returns the header of a new session */
  const initialize = async (): Promise<{ readonly 'mcp-session-id': string }> => {
    const params = { protocolVersion: '2025-11-25' };
    const answer = await post({ id: 0, method: 'initialize', params });
    await answer.text();
    return { 'mcp-session-id': answer.headers.get('mcp-session-id') ?? '' };
  };
  return { clock, gateway, post, postModern, initialize, emit, lose, sent, records };
}
