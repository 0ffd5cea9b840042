import type {
  JSONRPCMessage,
  PriorDiscovery,
  RequestId,
  Transport,
} from '@modelcontextprotocol/client';
import type { FailureFacts } from '../classify-failure.ts';
import { isJsonObject } from '../../facts/json-object.ts';
import { type ChildChannel, type ChildReply, exitFacts } from './child-channel.ts';
import type { Greeting } from './stdio-handshake.ts';

/**
 * Lets a client of the SDK talk to a child whose handshake is long done. Closing it leaves the child alone.
 *
 * `initialize` is answered from memory, since a second one is an error for many servers; a modern client needs none.
 * The client's ids are replaced: each client counts from 0, and a late answer to one must not reach the next.
 */
export interface ChildTransport extends Transport {
  /** For `client.connect(transport, { prior })`. */
  readonly prior: PriorDiscovery;
  /** Of the child as a whole, since its start. */
  readonly bytes: ChildChannel['bytes'];
  /** What the SDK does not pass on: why the last request failed or the connection closed. */
  failure(): FailureFacts | undefined;
}

type RpcRequest = Extract<JSONRPCMessage, { method: string; id: RequestId }>;

export function createChildTransport(channel: ChildChannel, greeting: Greeting): ChildTransport {
  const forgetById = new Map<RequestId, () => void>();
  let unsubscribe: (() => void) | undefined;
  let isClosed = false;
  let failure: FailureFacts | undefined;

  function finish(): void {
    if (isClosed) return;
    isClosed = true;
    unsubscribe?.();
    for (const forget of forgetById.values()) forget();
    forgetById.clear();
    transport.onclose?.();
  }

  function receive(message: JSONRPCMessage): void {
    if (!isClosed) transport.onmessage?.(message);
  }

  function onReply(id: RequestId, reply: ChildReply): void {
    forgetById.delete(id);
    if (reply.ok) {
      // The SDK judges the shape of results itself; it only needs an object to do so.
      receive({ jsonrpc: '2.0', id, result: isJsonObject(reply.result) ? reply.result : {} });
      return;
    }
    if (reply.facts.kind === 'rpc') {
      receive({ jsonrpc: '2.0', id, error: reply.facts.error });
      return;
    }
    failure = reply.facts;
    finish();
  }

  function sendRequest({ id, method, params }: RpcRequest): void {
    if (method === 'initialize') {
      queueMicrotask(() => receive({ jsonrpc: '2.0', id, result: greeting.result }));
      return;
    }
    forgetById.set(
      id,
      channel.send(method, params, (reply) => onReply(id, reply)),
    );
  }

  function forget(id: unknown): void {
    if (typeof id !== 'string' && typeof id !== 'number') return;
    forgetById.get(id)?.();
    forgetById.delete(id);
  }

  const transport: ChildTransport = {
    prior:
      greeting.identity.era === 'legacy'
        ? { kind: 'legacy' }
        : { kind: 'modern', discover: greeting.result as DiscoverOf<PriorDiscovery> },
    bytes: channel.bytes,
    failure: () => failure,
    async start() {
      const end = channel.end();
      if (end) {
        failure = exitFacts(end);
        throw new Error('the child has ended');
      }
      unsubscribe = channel.subscribe({
        onNotification: (message) => receive(message as JSONRPCMessage),
        onEnd(ended) {
          failure = exitFacts(ended);
          finish();
        },
      });
    },
    async send(message) {
      if (isClosed) throw new Error('the transport is closed');
      // Requests of the server are answered by the channel, so the client has no answers to send.
      if (!('method' in message)) return;
      if ('id' in message) {
        sendRequest(message);
        return;
      }
      if (message.method === 'notifications/initialized') return;
      if (message.method === 'notifications/cancelled') forget(message.params?.['requestId']);
      else channel.notify(message.method, message.params);
    },
    async close() {
      finish();
    },
  };
  return transport;
}

type DiscoverOf<T> = T extends { readonly discover: infer D } ? D : never;
