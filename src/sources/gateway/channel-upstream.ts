import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { CANCELLED } from '../../facts/call-outcome.ts';
import { resultUnlessAborted } from '../../facts/deadline.ts';
import type { Timer } from '../../facts/ports/clock.ts';
import {
  type EnvelopeFault,
  findEnvelopeFault,
  hasEnvelope,
} from '../../protocol/request-envelope.ts';
import { isMessage, isRequest } from '../../protocol/message-facts.ts';
import { carrierOf, textOf } from './carrier.ts';
import { type ChannelUpstreamOptions, refuse } from './channel-common.ts';
import { countUnforwarded } from './count-unforwarded.ts';
import { failAdmitted } from './fault.ts';
import { Conversation } from './conversation.ts';
import type { ChannelFailure } from '../../protocol/message-channel.ts';
import { clientOf } from './client-address.ts';
import { readRest } from './read-rest.ts';
import { findSessionRoom } from './session-room.ts';
import { SharedConversation } from './shared-conversation.ts';
import type { AdmittedRequest, SessionMessage, Upstream } from './upstream.ts';

const SWEEP_MS = 5_000;

/**
 * Streamable HTTP in front of a server that talks in single messages: stdio, or HTTP+SSE.
 *
 * Legacy clients get a conversation (a child) each, since a server's own requests could not be told apart otherwise;
 * modern requests stand for themselves and share one. Never a conversation per request.
 */
export function createChannelUpstream(options: ChannelUpstreamOptions): Upstream {
  return new ChannelUpstream(options);
}

class ChannelUpstream implements Upstream {
  readonly #options: ChannelUpstreamOptions;
  readonly #conversations = new Map<string, Conversation>();
  #shared: Promise<SharedConversation | ChannelFailure> | undefined;
  /** The same, once it is open. */
  #openShared: SharedConversation | undefined;
  #sweeper: Timer | undefined;
  readonly #opening = new Set<Conversation>();
  #isStopping = false;
  /** Answers to POST that a client still waits for or reads. */
  #unanswered = 0;
  readonly #drained = Promise.withResolvers<void>();

  constructor(options: ChannelUpstreamOptions) {
    this.#options = options;
  }

  handle(admitted: AdmittedRequest): void {
    const { request, response } = admitted;
    // Streams that were opened by GET end with their session.
    if (request.method === 'POST' && !response.closed) this.#noteUnanswered(response);
    this.#route(admitted).catch((error: unknown) => failAdmitted(this.#options, admitted, error));
  }

  #noteUnanswered(response: ServerResponse): void {
    this.#unanswered += 1;
    response.once('close', () => {
      this.#unanswered -= 1;
      if (this.#isStopping && this.#unanswered === 0) this.#drained.resolve();
    });
  }

  hasSessionOf({ sessionId }: SessionMessage): boolean {
    return sessionId !== undefined && this.#conversations.has(sessionId);
  }

  load(): ReturnType<Upstream['load']> {
    let streams = 0;
    for (const conversation of this.#conversations.values()) if (conversation.hasStream) streams++;
    return { ...this.#options.tracker.load(), streams: { http: streams, sse: 0, stdio: 0 } };
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#isStopping = true;
    this.#sweeper?.cancel();
    const shared = await this.#shared;
    if (this.#unanswered > 0) await resultUnlessAborted(this.#drained.promise, signal);
    await Promise.all(
      [...this.#conversations.values()].map((conversation) => conversation.close()),
    );
    if (shared instanceof SharedConversation) await shared.close();
    this.#conversations.clear();
  }

  async #route(head: AdmittedRequest): Promise<void> {
    const { request, response } = head;
    if (head.route !== '/mcp') {
      refuse(this.#options, head, 'wrong_transport');
      return;
    }
    const admitted = head.isComplete ? head : await readRest(head);
    // Its body is too large, and that was refused.
    if (response.headersSent) return;
    if (!admitted) {
      countUnforwarded(this.#options.tracker, head, { verdict: CANCELLED });
      return;
    }
    const session = textOf(request.headers['mcp-session-id']);
    const conversation = session === undefined ? undefined : this.#conversations.get(session);
    if (session !== undefined && !conversation) {
      refuse(this.#options, admitted, 'session_not_found');
    } else if (conversation && request.method === 'GET') {
      conversation.openStream(admitted);
    } else if (conversation && request.method === 'DELETE') {
      await this.#end(conversation, response);
    } else if (request.method === 'POST') {
      await this.#post(admitted, conversation);
    } else {
      refuse(this.#options, admitted, 'method_not_allowed');
    }
  }

  async #post(admitted: AdmittedRequest, conversation: Conversation | undefined): Promise<void> {
    const { read } = admitted;
    if (!read.isJson) {
      refuse(this.#options, admitted, 'invalid_json');
    } else if (!read.messages.some(isMessage)) {
      refuse(this.#options, admitted, 'invalid_request');
    } else if (conversation) {
      conversation.post(admitted);
    } else if (
      read.messages.some((facts) => facts.method === 'initialize' && !hasEnvelope(facts))
    ) {
      await this.#begin(admitted);
    } else if (carrierOf(admitted, 'http', undefined).era === 'modern') {
      await this.#postShared(admitted);
    } else {
      refuse(this.#options, admitted, 'not_initialized');
    }
  }

  async #begin(admitted: AdmittedRequest): Promise<void> {
    const client = clientOf(admitted.request, admitted.user);
    if (this.#isStopping || !this.#makeRoom(client)) {
      const { sessionsMax } = this.#options;
      const detail = `of the ${sessionsMax} sessions of this server, this client has its share`;
      refuse(this.#options, admitted, 'overloaded', detail);
      return;
    }
    const id = randomUUID();
    const onEnd = (): void => void this.#conversations.delete(id);
    const conversation = new Conversation(this.#options, { id, client, onEnd });
    this.#opening.add(conversation);
    const opening = await this.#options
      .open(conversation)
      .finally(() => this.#opening.delete(conversation));
    if (!opening.ok) {
      refuse(this.#options, admitted, opening.failure.refusal, opening.failure.detail);
      return;
    }
    conversation.attach(opening.channel);
    if (this.#isStopping || admitted.response.destroyed) {
      await conversation.close();
      return;
    }
    this.#conversations.set(id, conversation);
    this.#watch();
    conversation.post(admitted);
  }

  async #postShared(admitted: AdmittedRequest): Promise<void> {
    if (this.#isStopping) {
      refuse(this.#options, admitted, 'overloaded');
      return;
    }
    if (this.#options.knownEra() === 'legacy') {
      refuse(this.#options, admitted, 'legacy_server');
      return;
    }
    // A child takes its era from what it hears first: a request that names none must not be that.
    const fault = findFault(admitted);
    if (fault) {
      refuse(this.#options, admitted, fault.refusal, fault.detail);
      return;
    }
    this.#shared ??= this.#beginShared().catch((error: unknown) => {
      this.#shared = undefined;
      throw error;
    });
    const shared = await this.#shared;
    if (shared instanceof SharedConversation) shared.post(admitted);
    else refuse(this.#options, admitted, shared.refusal, shared.detail);
  }

  async #beginShared(): Promise<SharedConversation | ChannelFailure> {
    const forget = (): void => {
      this.#shared = undefined;
      this.#openShared = undefined;
    };
    const shared = new SharedConversation(this.#options, forget);
    const opening = await this.#options.open(shared);
    if (!opening.ok) {
      forget();
      return opening.failure;
    }
    shared.attach(opening.channel);
    this.#openShared = shared;
    this.#watch();
    return shared;
  }

  async #end(conversation: Conversation, response: ServerResponse): Promise<void> {
    this.#conversations.delete(conversation.id);
    await conversation.close();
    response.writeHead(200, { 'content-length': 0 });
    response.end();
  }

  #makeRoom(client: string): boolean {
    const { clock, sessionsMax } = this.#options;
    const sessions = [...this.#conversations.values(), ...this.#opening];
    const room = findSessionRoom(sessions, client, sessionsMax, clock.monotonicMs());
    if (room.kind !== 'end') return room.kind === 'free';
    this.#conversations.delete(room.session.id);
    this.#close(room.session);
    return true;
  }

  #watch(): void {
    this.#sweeper ??= this.#options.clock.after(SWEEP_MS, () => {
      this.#sweeper = undefined;
      for (const conversation of [...this.#conversations.values()]) {
        if (!this.#isIdle(conversation)) continue;
        this.#conversations.delete(conversation.id);
        this.#close(conversation);
      }
      if (this.#openShared && this.#isIdle(this.#openShared)) this.#close(this.#openShared);
      const isWanted = this.#conversations.size > 0 || this.#openShared !== undefined;
      if (isWanted && !this.#isStopping) this.#watch();
    });
  }

  /** Nobody waits for its end. */
  #close(conversation: Pick<Conversation, 'close'>): void {
    conversation.close().catch(this.#options.onFault);
  }

  #isIdle({ isBusy, usedMs }: Pick<Conversation, 'isBusy' | 'usedMs'>): boolean {
    return !isBusy && this.#options.clock.monotonicMs() - usedMs >= this.#options.idleMs;
  }
}

function findFault({ read, request }: AdmittedRequest): EnvelopeFault | undefined {
  const [facts] = read.messages;
  if (!facts || read.isBatch || !isRequest(facts)) return undefined;
  const { headers } = request;
  return findEnvelopeFault(facts, {
    protocolVersion: textOf(headers['mcp-protocol-version']),
    method: textOf(headers['mcp-method']),
    name: textOf(headers['mcp-name']),
  });
}
