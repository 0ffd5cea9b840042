import type {
  JSONRPCMessage,
  PriorDiscovery,
  RequestId,
  Transport,
} from '@modelcontextprotocol/client';
import { isJsonObject } from '../../facts/json-object.ts';
import type { FailureFacts } from '../classify-failure.ts';
import type { ChildReply } from './channel-state.ts';
import type { ChildChannel, ForgetRequest } from './child-channel.ts';
import { exitFacts } from './child-end.ts';
import type { Child } from './child-process.ts';
import type { Greeting } from './stdio-handshake.ts';

type RpcRequest = Extract<JSONRPCMessage, { method: string; id: RequestId }>;
type DiscoverOf<T> = T extends { readonly discover: infer D } ? D : never;

/**
 * Lets a client of the SDK talk to a child after its handshake. Closing it does not end the child.
 *
 * `initialize` is answered from memory, since a second one is an error for many servers; a modern client needs none.
 * The client's ids are replaced: each client counts from 0, and a late answer to one must not reach the next.
 */
export class ChildTransport implements Transport {
  // The client of the SDK assigns these.
  onclose?: NonNullable<Transport['onclose']>;
  onmessage?: NonNullable<Transport['onmessage']>;
  /** For `client.connect(transport, { prior })`. */
  readonly prior: PriorDiscovery;
  readonly #channel: ChildChannel;
  readonly #greeting: Greeting;
  readonly #forgetById = new Map<RequestId, ForgetRequest>();
  #unsubscribe: (() => void) | undefined;
  #isClosed = false;
  #failure: FailureFacts | undefined;

  constructor(channel: ChildChannel, greeting: Greeting) {
    this.#channel = channel;
    this.#greeting = greeting;
    this.prior =
      greeting.identity.era === 'legacy'
        ? { kind: 'legacy' }
        : { kind: 'modern', discover: greeting.result as DiscoverOf<PriorDiscovery> };
  }

  /** Of the child as a whole, since its start. */
  get bytes(): Child['bytes'] {
    return this.#channel.child.bytes;
  }

  /** What the SDK does not pass on: why the last request failed or the connection closed. */
  failure(): FailureFacts | undefined {
    return this.#failure;
  }

  async start(): Promise<void> {
    const end = this.#channel.child.end();
    if (end) {
      this.#failure = exitFacts(end);
      throw new Error('the child has ended');
    }
    this.#unsubscribe = this.#channel.subscribe({
      onNotification: (message) => this.#receive(message as JSONRPCMessage),
      onEnd: (ended) => this.#fail(exitFacts(ended)),
    });
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#isClosed) throw new Error('the transport is closed');
    // Requests of the server are answered by the channel, so the client has no answers to send.
    if (!('method' in message)) return;
    if ('id' in message) {
      this.#sendRequest(message);
      return;
    }
    const { method, params } = message;
    if (method === 'notifications/initialized') return;
    if (method === 'notifications/cancelled') this.#forget(params?.['requestId']);
    else this.#channel.notify(method, params);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#unsubscribe?.();
    for (const forget of this.#forgetById.values()) forget();
    this.#forgetById.clear();
    this.onclose?.();
  }

  #fail(facts: FailureFacts): void {
    this.#failure = facts;
    void this.close();
  }

  #receive(message: JSONRPCMessage): void {
    if (!this.#isClosed) this.onmessage?.(message);
  }

  #sendRequest({ id, method, params }: RpcRequest): void {
    if (method === 'initialize') {
      const { result } = this.#greeting;
      queueMicrotask(() => this.#receive({ jsonrpc: '2.0', id, result }));
      return;
    }
    const forget = this.#channel.send(method, params, (reply) => this.#onReply(id, reply));
    this.#forgetById.set(id, forget);
  }

  #onReply(id: RequestId, reply: ChildReply): void {
    this.#forgetById.delete(id);
    if (reply.ok) {
      // The SDK judges the shape of results itself; it only needs an object to do so.
      const result = isJsonObject(reply.result) ? reply.result : {};
      this.#receive({ jsonrpc: '2.0', id, result });
    } else if (reply.facts.kind === 'rpc') {
      this.#receive({ jsonrpc: '2.0', id, error: reply.facts.error });
    } else this.#fail(reply.facts);
  }

  #forget(id: unknown): void {
    if (typeof id !== 'string' && typeof id !== 'number') return;
    this.#forgetById.get(id)?.();
    this.#forgetById.delete(id);
  }
}
