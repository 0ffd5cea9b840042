import { startDeadline } from '../../facts/deadline.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { Secret } from '../../facts/secret.ts';
import { describeBriefly, type FailureFacts } from '../classify-failure.ts';
import { openConnections, type TlsTrust } from '../http/connections.ts';
import type { AccessTokens } from '../access-tokens.ts';
import { createAuthorizedEndpoint } from '../http/authorized-endpoint.ts';
import { createHttpEndpoint, type HttpEndpoint } from '../http/http-endpoint.ts';
import type { SessionContext } from '../http/message-headers.ts';
import { postMessage } from '../http/post-message.ts';
import { BRIDGE_LIMITS } from '../http/read-body.ts';
import type {
  ChannelFailure,
  ChannelListener,
  ChannelOpening,
  MessageChannel,
  OpenChannel,
} from '../message-channel.ts';
import { isRequest, type MessageFacts } from '../message-facts.ts';
import type { ReadMessages } from '../message-reader.ts';
import { createMessageOrder, type MessageKind } from '../message-order.ts';
import { isRepeatable } from '../repeatable-methods.ts';
import { readLine } from '../read-line.ts';
import { openSseStream, type SseStream } from './sse-stream.ts';

export interface SseChannelOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, Secret>>;
  readonly tokens?: AccessTokens | undefined;
  readonly tls: TlsTrust;
  /** Limit until the server announced where to post. */
  readonly openTimeoutMs: () => number;
  readonly clock: Clock;
}

const CONNECT_TIMEOUT_MS = 10_000;
const UNSENT_MAX = 256;

/** Conversations with an HTTP+SSE server (revision 2024-11-05): one GET stream each, messages by POST. */
export function createSseChannels({ tls, ...options }: SseChannelOptions): {
  readonly open: OpenChannel;
  stop(): Promise<void>;
} {
  const { tokens, clock } = options;
  const endpoint = openConnections(options.url, tls).then((connections) => {
    const plain = createHttpEndpoint({
      ...options,
      connections,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      retriesStale: true,
    });
    return tokens ? createAuthorizedEndpoint(plain, tokens, clock) : plain;
  });
  return {
    open: async (listener) => openChannel(await endpoint, options, listener),
    stop: async () => (await endpoint).release(),
  };
}

async function openChannel(
  endpoint: HttpEndpoint,
  { clock, openTimeoutMs }: Pick<SseChannelOptions, 'clock' | 'openTimeoutMs'>,
  listener: ChannelListener,
): Promise<ChannelOpening> {
  const deadline = startDeadline(clock, openTimeoutMs());
  const life = new AbortController();
  const session = createSession();
  const opening = await openSseStream(
    endpoint,
    {
      signal: deadline.signal,
      limits: BRIDGE_LIMITS,
      onMessage(data) {
        const line = data.replaceAll('\n', ' ');
        session.read(line);
        listener.onMessage(line);
      },
      onLost(facts) {
        life.abort();
        listener.onClose({ refusal: 'unreachable', detail: describeBriefly(facts) });
      },
    },
    clock,
  );
  deadline.end();
  if (opening.ok) {
    const channel = createChannel(endpoint, opening.stream, { listener, life, clock, session });
    return { ok: true, channel };
  }
  const detail =
    opening.facts.kind === 'timeout'
      ? 'it announced no endpoint in time'
      : describeBriefly(opening.facts);
  return { ok: false, failure: { refusal: 'unreachable', detail } };
}

function createChannel(
  endpoint: HttpEndpoint,
  stream: SseStream,
  {
    listener,
    life,
    clock,
    session,
  }: {
    readonly listener: ChannelListener;
    readonly life: AbortController;
    readonly clock: Clock;
    readonly session: Session;
  },
): MessageChannel {
  const { signal } = life;
  const order = createMessageOrder(clock);
  let unsent = 0;

  async function deliver(text: string, read: ReadMessages): Promise<void> {
    const { messages: facts } = read;
    const method = facts[0]?.method ?? 'message';
    const mayRepeat = facts.length > 0 && facts.every((each) => isRepeatable(each.method));
    const context = session.context();
    const message = { method, text, url: stream.postUrl, context, isRepeatable: mayRepeat };
    const posted = await postMessage(endpoint, message, { signal }, clock);
    unsent--;
    if (!posted.ok && !signal.aborted) failRequests(read, failureOf(posted.facts), listener);
  }

  return {
    send(text) {
      if (signal.aborted || unsent >= UNSENT_MAX) return false;
      unsent++;
      const read = readLine(text);
      order(kindOf(read.messages), () => {
        const done = deliver(text, read);
        return { written: done, taken: done };
      });
      return true;
    },
    async close() {
      life.abort();
      stream.close();
    },
  };
}

interface Session {
  /** Reads one message of the server. */
  read(line: string): void;
  /** Every POST after `initialize` names the revision of its result (2025-06-18, transports, protocol version header). */
  context(): SessionContext;
}

function createSession(): Session {
  let context: SessionContext = {};
  return {
    read(line) {
      if (context.protocolVersion !== undefined) return;
      const protocolVersion = readLine(line).messages[0]?.protocolVersion;
      if (protocolVersion !== undefined) context = { protocolVersion };
    },
    context: () => context,
  };
}

/** Answers to requests that never reached the server. */
function failRequests(
  read: ReadMessages,
  failure: ChannelFailure,
  listener: ChannelListener,
): void {
  for (const facts of read.messages)
    if (isRequest(facts)) listener.onRequestFailed(facts.id, failure);
}

function failureOf(facts: FailureFacts): ChannelFailure {
  const isLost = facts.kind === 'http' && facts.status === 404;
  return {
    refusal: isLost ? 'session_not_found' : 'unreachable',
    detail: describeBriefly(facts),
  };
}

/** The answer to `initialize` comes on the stream, so the next message may follow once the POST is accepted. */
function kindOf(messages: readonly MessageFacts[]): MessageKind {
  const isBarrier = messages.every((facts) => !isRequest(facts) && facts.method !== undefined);
  const isOpening = messages.some(({ method }) => method === 'initialize');
  return isOpening || (isBarrier && messages.length > 0) ? 'notification' : 'other';
}
