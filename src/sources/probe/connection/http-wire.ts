import type { IncomingHttpHeaders } from 'node:http';
import type { ServerIdentity } from '../../../facts/check-report.ts';
import { classifyFailure, type FailureFacts } from '../../../protocol/classify-failure.ts';
import { METHOD_NOT_FOUND } from '../../../protocol/json-rpc.ts';
import { isJsonObject, type JsonObject } from '../../../facts/json-object.ts';
import { assessDiscover } from '../../../protocol/assess-discover.ts';
import {
  type ClientName,
  type Handshake,
  type HandshakeReading,
  initializeParams,
  modernMeta,
  readDiscoverResult,
  readInitializeResult,
} from '../../../protocol/handshake.ts';
import { MODERN_REVISION, REVISIONS } from '../../../facts/revisions.ts';
import type { Era } from '../../../facts/server.ts';
import type { Clock } from '../../../facts/ports/clock.ts';
import { deleteSession } from '../../../protocol/http/delete-session.ts';
import { startDeadline } from '../../../facts/deadline.ts';
import { discoverAnswerOf } from '../../../protocol/discover-answer.ts';
import type { EraMemory } from '../../../protocol/era-memory.ts';
import type { HttpEndpoint } from '../../../protocol/http/http-endpoint.ts';
import { type LateSessions, sessionIdOf } from '../../../protocol/http/late-sessions.ts';
import { type Opening, timeAliveness, timeHandshake } from './timed-steps.ts';
import { timeStep } from '../../../protocol/measurement.ts';
import { postMessage } from '../../../protocol/http/post-message.ts';
import type { OpenResult, RequestOptions, Wire, WireFailure } from '../../../protocol/wire.ts';

export interface HttpWireOptions {
  readonly endpoint: HttpEndpoint;
  readonly memory: EraMemory;
  readonly client: ClientName;
  readonly clock: Clock;
  /** `server/discover` may not eat the whole time of a handshake: some old servers never answer it. */
  readonly discoverLimitMs: number;
  readonly lateSessions: LateSessions;
}

interface Session {
  readonly headers: Readonly<Record<string, string>>;
  readonly identity: ServerIdentity;
}

type Answered =
  | { readonly ok: true; readonly result: JsonObject; readonly sessionId?: string }
  | {
      readonly ok: false;
      readonly failure: WireFailure;
      readonly facts: FailureFacts;
      readonly late?: Promise<IncomingHttpHeaders | undefined>;
    };

/**
 * Streamable HTTP, one POST per check. Modern servers and legacy ones without session ids keep nothing of us, so their
 * handshake is the check; a session is kept and pinged. The GET stream is never opened: nothing here waits for it.
 */
export function createHttpWire({
  endpoint,
  memory,
  client,
  clock,
  discoverLimitMs,
  lateSessions,
}: HttpWireOptions): Wire {
  let session: Session | undefined;
  let isStateless = false;
  let nextId = 1;

  async function post(
    method: string,
    params: JsonObject | undefined,
    headers: Readonly<Record<string, string>>,
    options: RequestOptions,
  ): Promise<Answered> {
    const id = nextId;
    nextId += 1;
    const text = JSON.stringify({ jsonrpc: '2.0', id, method, ...(params && { params }) });
    const awaitsLateHead = method === 'initialize';
    const message = { id, method, text, headers, awaitsLateHead };
    const posted = await postMessage(endpoint, message, options, clock);
    if (!posted.ok)
      return { ...failed(posted.facts), ...(posted.late !== undefined && { late: posted.late }) };
    if (posted.answer?.kind === 'error')
      return failed({ kind: 'rpc', error: posted.answer.error, method });
    const result = posted.answer?.result;
    if (!isJsonObject(result)) {
      const late = Promise.resolve(posted.headers);
      return { ...unusable(method, 'its result is not an object'), late };
    }
    const sessionId = sessionIdOf(posted.headers);
    return { ok: true, result, ...(sessionId !== undefined && { sessionId }) };
  }

  function postModern(
    method: string,
    params: JsonObject | undefined,
    options: RequestOptions,
  ): Promise<Answered> {
    const headers = { 'mcp-protocol-version': MODERN_REVISION, 'mcp-method': method };
    return post(method, { ...params, _meta: modernMeta(client) }, headers, options);
  }

  function discover(options: RequestOptions): Promise<Opening> {
    return timeHandshake('server/discover', options, clock, async () => {
      const answered = await postModern('server/discover', undefined, options);
      if (!answered.ok) return answered;
      return identify('server/discover', 'modern', readDiscoverResult(answered.result));
    });
  }

  async function discoverWithin(limitMs: number, options: RequestOptions): Promise<Opening> {
    const deadline = startDeadline(clock, limitMs, options.signal);
    const opening = await discover({ ...options, signal: deadline.signal });
    deadline.end();
    return opening;
  }

  async function detect(options: RequestOptions): Promise<Opening> {
    const discovered = await discoverWithin(discoverLimitMs, options);
    if (discovered.ok || options.signal.aborted) return discovered;
    if (assessDiscover(discoverAnswerOf(discovered.facts)).kind !== 'try_initialize')
      return discovered;
    const initialized = await initialize(options);
    const wasTooSlow = discovered.facts.kind === 'timeout';
    // A modern server that was merely slow refuses `initialize` and says so.
    return !initialized.ok && initialized.failure.outcome === 'protocol_version' && wasTooSlow
      ? discover(options)
      : initialized;
  }

  async function initialize(options: RequestOptions): Promise<Opening> {
    let sessionId: string | undefined;
    const opening = await timeHandshake('initialize', options, clock, async () => {
      const answered = await post('initialize', initializeParams(client), {}, options);
      if (!answered.ok) {
        if (answered.late !== undefined) lateSessions.adopt(answered.late);
        return answered;
      }
      ({ sessionId } = answered);
      return identify('initialize', 'legacy', readInitializeResult(answered.result));
    });
    // Without a session the server keeps nothing of us, so there is nothing that `notifications/initialized` could reach.
    if (sessionId === undefined) return opening;
    const hasVersionHeader =
      opening.ok && REVISIONS.get(opening.identity.protocolVersion)?.hasVersionHeader === true;
    const headers = {
      'mcp-session-id': sessionId,
      ...(hasVersionHeader && { 'mcp-protocol-version': opening.identity.protocolVersion }),
    };
    if (!opening.ok) {
      await deleteSession(endpoint, headers, clock);
      return opening;
    }
    session = { headers, identity: opening.identity };
    const confirmed = await confirm(headers, options);
    if (confirmed.ok) return opening;
    await endSession();
    return confirmed;
  }

  function confirm(
    headers: Readonly<Record<string, string>>,
    options: RequestOptions,
  ): Promise<{ readonly ok: true } | Extract<Answered, { ok: false }>> {
    const method = 'notifications/initialized';
    const run = async (): Promise<{ readonly ok: true } | Extract<Answered, { ok: false }>> => {
      const posted = await postMessage(
        endpoint,
        { method, text: JSON.stringify({ jsonrpc: '2.0', method }), headers },
        options,
        clock,
      );
      return posted.ok ? { ok: true } : failed(posted.facts);
    };
    return timeStep(options.measurement, clock, method, run, () => 'accepted');
  }

  async function endSession(): Promise<void> {
    const ended = session;
    session = undefined;
    if (ended !== undefined) await deleteSession(endpoint, ended.headers, clock);
  }

  return {
    state() {
      if (session !== undefined) return 'open';
      return isStateless && memory.era() !== undefined ? 'stateless' : 'closed';
    },

    async open(options): Promise<OpenResult> {
      await endSession();
      const known = memory.era();
      const opening = await (known === undefined
        ? detect(options)
        : known === 'modern'
          ? discover(options)
          : initialize(options));
      isStateless = opening.ok ? session === undefined : isStateless && !refutesEra(opening.facts);
      if (opening.ok) memory.learn(opening.identity.era);
      else if (refutesEra(opening.facts)) memory.forget();
      return opening;
    },

    request: (method, params, options) =>
      timeAliveness(method, options, clock, async () => {
        const held = session;
        const answered =
          held === undefined
            ? await postModern(method, params, options)
            : await post(method, params, held.headers, options);
        if (answered.ok) return answered;
        // 404 is how a session ends; a ping gives no other reason for 400 either, but there something may be left.
        const { httpStatus, rpcCode } = answered.failure;
        if (httpStatus === 404) session = undefined;
        if (httpStatus === 400 && rpcCode !== METHOD_NOT_FOUND) await endSession();
        return answered;
      }),

    close: endSession,
  };
}

function identify(method: string, era: Era, reading: HandshakeReading): Opening {
  if (!reading.ok) return unusable(method, reading.reason);
  return { ok: true, identity: identityOf(era, reading.handshake) };
}

function identityOf(
  era: Era,
  { protocolVersion, implementation, version }: Handshake,
): ServerIdentity {
  return { transport: 'http', era, protocolVersion, implementation, version };
}

/** The server answered, and not as one of the known era would: the next check asks for the era again. */
function refutesEra(facts: FailureFacts): boolean {
  if (facts.kind === 'http')
    return (
      facts.status === 400 || facts.status === 404 || facts.status === 405 || facts.status === 406
    );
  return facts.kind === 'rpc' || facts.kind === 'unusable';
}

function failed(facts: FailureFacts): {
  readonly ok: false;
  readonly failure: WireFailure;
  readonly facts: FailureFacts;
} {
  return { ok: false, failure: classifyFailure(facts), facts };
}

function unusable(
  method: string,
  reason: string,
): { readonly ok: false; readonly failure: WireFailure; readonly facts: FailureFacts } {
  return failed({ kind: 'unusable', method, reason });
}
