import type { IncomingHttpHeaders } from 'node:http';
import type { JsonObject } from '../../../facts/json-object.ts';
import { MODERN_REVISION, REVISIONS } from '../../../facts/revisions.ts';
import type { EraMemory } from '../../../protocol/era-memory.ts';
import { deleteSession } from '../../../protocol/http/delete-session.ts';
import type { HttpEndpoint } from '../../../protocol/http/http-endpoint.ts';
import type { LateSessions } from '../../../protocol/http/late-sessions.ts';
import { type MessageContext, sessionIdOf } from '../../../protocol/http/message-headers.ts';
import { postMessage } from '../../../protocol/http/post-message.ts';
import { timeStep } from '../../../protocol/measurement.ts';
import type {
  OpenResult,
  ProbeClient,
  RequestFailure,
  RequestOptions,
} from '../../../protocol/probe-client.ts';
import {
  CLOSED_HTTP,
  type HttpSession,
  type HttpProbeClientEvent,
  type HttpProbeClientState,
  nextHttpState,
} from './http-probe-client-state.ts';
import {
  type Answered,
  type Failed,
  failed,
  isIgnored,
  modernParams,
  openRemote,
  readResult,
  type RemoteOptions,
  requestText,
  shakeHands,
} from './open-remote.ts';
import { type OpeningResult, timeAliveness } from './timed-steps.ts';

export interface HttpProbeClientOptions extends Omit<RemoteOptions, 'transport'> {
  readonly endpoint: HttpEndpoint;
  readonly memory: EraMemory;
  readonly lateSessions: LateSessions;
}

type Posted =
  | (Extract<Answered, { ok: true }> & Late & { readonly sessionId: string | undefined })
  | (Failed & Late);

/** Headers of an answer that came too late, or twice. */
interface Late {
  readonly late?: Promise<IncomingHttpHeaders | undefined>;
}

/**
 * Streamable HTTP, one POST per check. Modern servers and legacy ones without session ids keep nothing of us, so their
 * handshake is the check; a session is kept and pinged. The GET stream is never opened: nothing here waits for it.
 */
export function createHttpProbeClient(options: HttpProbeClientOptions): ProbeClient {
  return new HttpProbeClient(options);
}

class HttpProbeClient implements ProbeClient {
  readonly #options: HttpProbeClientOptions;
  readonly #remote: RemoteOptions;
  #state: HttpProbeClientState = CLOSED_HTTP;
  #nextId = 1;
  /** Headers of a `server/discover` that was refused. */
  #stray: Promise<IncomingHttpHeaders | undefined> | undefined;

  constructor(options: HttpProbeClientOptions) {
    this.#options = options;
    this.#remote = { ...options, transport: 'http' };
  }

  state(): ReturnType<ProbeClient['state']> {
    // Where the era is to be asked for again, the next check begins with that.
    if (this.#options.memory.era() === undefined) return 'closed';
    if (this.#state.session !== undefined) return 'open';
    return this.#state.isStateless ? 'stateless' : 'closed';
  }

  async open(options: RequestOptions): Promise<OpenResult> {
    await this.#take({ kind: 'opening' });
    let session: HttpSession | undefined;
    const handshakes = {
      discover: (limited: RequestOptions) => this.#discover(limited),
      initialize: async (rest: RequestOptions): Promise<OpeningResult> => {
        const begun = await this.#initialize(rest);
        ({ session } = begun);
        return begun.opening;
      },
      canGoOn: () => true,
    };
    const { memory } = this.#options;
    const opened = await openRemote(memory, handshakes, this.#remote, options);
    const { opening, isEraAssumed } = opened;
    if (session && opening.ok && opening.identity.era === 'modern') {
      // The answer to `server/discover` came after `initialize` was accepted.
      await deleteSession(this.#options.endpoint, session, this.#options.clock);
      session = undefined;
    }
    this.#endStray(session);
    await this.#take(
      opening.ok
        ? { kind: 'opened', era: opening.identity.era, isEraAssumed, session }
        : { kind: 'open_failed', facts: opening.facts },
    );
    return opening;
  }

  request(
    method: string,
    params: JsonObject | undefined,
    options: RequestOptions,
  ): ReturnType<ProbeClient['request']> {
    return timeAliveness(method, options, this.#options.clock, () => {
      const { session } = this.#state;
      return session
        ? this.#post(method, params, session, options)
        : this.#postModern(method, modernParams(params, this.#options.client), options);
    });
  }

  abandon(failure: RequestFailure): void {
    void this.#take({ kind: 'abandoned', failure });
  }

  close(): Promise<void> {
    return this.#take({ kind: 'closed' });
  }

  async #take(event: HttpProbeClientEvent): Promise<void> {
    const { endpoint, memory, clock, lateSessions } = this.#options;
    const { state, effects } = nextHttpState(this.#state, event);
    this.#state = state;
    for (const effect of effects) {
      if (effect.kind === 'learn_era') memory.learn(effect.era, effect.isAssumed);
      else if (effect.kind === 'forget_era') memory.forget();
      else if (effect.kind === 'delete_abandoned') lateSessions.end(effect.session);
      else await deleteSession(endpoint, effect.session, clock);
    }
  }

  async #post(
    method: string,
    params: JsonObject | undefined,
    context: MessageContext,
    options: RequestOptions,
  ): Promise<Posted> {
    const id = this.#nextId++;
    const text = requestText(id, method, params);
    const awaitsLateHead = method === 'initialize';
    const message = { id, method, text, context, awaitsLateHead };
    const { endpoint, clock } = this.#options;
    const posted = await postMessage(endpoint, message, options, clock);
    if (!posted.ok) return { ...failed(posted.facts), ...(posted.late && { late: posted.late }) };
    const answered = readResult(method, posted.answer);
    if (!answered.ok) return { ...answered, late: Promise.resolve(posted.headers) };
    const sessionId = sessionIdOf(posted.headers);
    return { ...answered, sessionId, ...(posted.late && { late: posted.late }) };
  }

  #postModern(method: string, params: JsonObject, options: RequestOptions): Promise<Posted> {
    const context = { protocolVersion: MODERN_REVISION, repeated: { method } };
    return this.#post(method, params, context, options);
  }

  #discover(options: RequestOptions): Promise<OpeningResult> {
    return shakeHands('modern', this.#remote, options, async (method, params) => {
      const answered = await this.#postModern(method, params, options);
      if (!answered.ok && answered.late !== undefined) this.#stray = answered.late;
      return answered;
    });
  }

  /** Servers made with the Python SDK begin a session for every request without one, even if they refuse it. */
  #endStray(kept: HttpSession | undefined): void {
    const stray = this.#stray;
    this.#stray = undefined;
    if (stray === undefined) return;
    const isKept = (id: string | undefined): boolean => id === kept?.sessionId;
    this.#options.lateSessions.adopt(
      stray.then((headers) => (isKept(sessionIdOf(headers)) ? undefined : headers)),
    );
  }

  async #initialize(
    options: RequestOptions,
  ): Promise<{ readonly opening: OpeningResult; readonly session: HttpSession | undefined }> {
    let sessionId: string | undefined;
    const opening = await shakeHands('legacy', this.#remote, options, async (method, params) => {
      const answered = await this.#post(method, params, {}, options);
      if (answered.ok) ({ sessionId } = answered);
      if (answered.late !== undefined) this.#options.lateSessions.adopt(answered.late);
      return answered;
    });
    // Without a session the server keeps nothing of us, so there is nothing that `notifications/initialized` could reach.
    if (sessionId === undefined) return { opening, session: undefined };
    const session = sessionOf(sessionId, opening);
    const confirmed = opening.ok ? await this.#confirm(session, options) : opening;
    if (confirmed.ok || isIgnored(confirmed.facts)) return { opening, session };
    await deleteSession(this.#options.endpoint, session, this.#options.clock);
    return { opening: confirmed, session: undefined };
  }

  #confirm(context: HttpSession, options: RequestOptions): Promise<{ readonly ok: true } | Failed> {
    const method = 'notifications/initialized';
    const { endpoint, clock } = this.#options;
    const message = { method, text: JSON.stringify({ jsonrpc: '2.0', method }), context };
    const run = async (): Promise<{ readonly ok: true } | Failed> => {
      const posted = await postMessage(endpoint, message, options, clock);
      return posted.ok ? { ok: true } : failed(posted.facts);
    };
    return timeStep(options.measurement, clock, method, run, () => 'accepted');
  }
}

function sessionOf(sessionId: string, opening: OpeningResult): HttpSession {
  const version = opening.ok ? opening.identity.protocolVersion : undefined;
  const hasVersionHeader =
    version !== undefined && REVISIONS.get(version)?.hasVersionHeader === true;
  return { sessionId, ...(hasVersionHeader && { protocolVersion: version }) };
}
