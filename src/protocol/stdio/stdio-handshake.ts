import { classifyFailure, type FailureFacts } from '../classify-failure.ts';
import { isJsonObject, type JsonObject } from '../../facts/json-object.ts';
import { assessDiscover, type EraVerdict } from '../assess-discover.ts';
import {
  type ClientName,
  type HandshakeReading,
  initializeParams,
  modernMeta,
  readDiscoverResult,
  readInitializeResult,
} from '../handshake.ts';
import type { CheckStep, ServerIdentity } from '../../facts/check-report.ts';
import type { Era } from '../../facts/server.ts';
import { resultWithin } from '../../facts/deadline.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { ChildReply } from './channel-state.ts';
import type { ChildChannel, ForgetRequest } from './child-channel.ts';
import { discoverAnswerOf } from '../discover-answer.ts';
import { type EraFinding, findEra, silenceDetail } from '../find-era.ts';
import type { EraQuestion } from '../negotiate-era.ts';
import { timeoutFacts } from '../timeout-facts.ts';

/**
 * How long `server/discover` may stay unanswered before `initialize` is sent as well. Some legacy servers never answer
 * a request before `initialize`; those that do answer need milliseconds. A slow start loses nothing by it: whichever
 * answer comes first still decides.
 */
export const DISCOVER_LIMIT_MS = 2_000;

/** What the handshake found out about a child. */
export interface Greeting {
  readonly identity: ServerIdentity;
  /** The InitializeResult, or the DiscoverResult of a modern server. */
  readonly result: JsonObject;
}

export type HandshakeResult =
  | { readonly kind: 'greeted'; readonly greeting: Greeting }
  /** The child ended while it was asked for its era: servers made with rmcp do. */
  | { readonly kind: 'ended_on_discover'; readonly facts: FailureFacts }
  /** It is modern, but took `initialize` as well and is legacy from then on, as servers made with SDK v2 are. */
  | { readonly kind: 'turned_legacy' }
  | { readonly kind: 'failed'; readonly facts: FailureFacts };

export interface HandshakeOptions {
  readonly channel: ChildChannel;
  /** `detect`: ask by `server/discover`, and fall back to `initialize` on the same child. */
  readonly plan: 'detect' | Era;
  readonly client: ClientName;
  readonly clock: Clock;
  readonly discoverLimitMs: number;
  /** For measuring. */
  readonly onStep: (step: CheckStep) => void;
  /** A server that was taken for a legacy one answered `server/discover` after all. Called at most once. */
  readonly onLateModern: () => void;
  readonly signal: AbortSignal;
}

/** Does the handshake with a child that was just started. Never rejects. */
export async function shakeHands(options: HandshakeOptions): Promise<HandshakeResult> {
  if (options.plan === 'legacy')
    return concludeInitialize(await ask('initialize', options).reply, options);
  if (options.plan === 'modern') return concludeDiscover(await ask('discover', options).reply);
  return detectEra(options);
}

/** A request of the handshake on its way. */
interface SentQuestion {
  readonly reply: Promise<ChildReply>;
  /** See {@link ForgetRequest}. */
  readonly forget: ForgetRequest;
}

async function detectEra(options: HandshakeOptions): Promise<HandshakeResult> {
  const { channel, clock, discoverLimitMs, signal } = options;
  const sent = new Map<EraQuestion, SentQuestion>();
  let end: FailureFacts | undefined;
  const finding = await findEra<ChildReply>(
    {
      ask(question) {
        const request = ask(question, options);
        sent.set(question, request);
        return request.reply;
      },
      readDiscover(reply) {
        if (!reply.ok && reply.facts.kind === 'exit') end = reply.facts;
        return readDiscover(reply);
      },
      readInitialize,
      canAsk: () => !signal.aborted && channel.child.end() === undefined,
      onOverdue: () => noteSilence(options),
    },
    { clock, discoverLimitMs },
  );
  if (end) return { kind: 'ended_on_discover', facts: end };
  const result = await follow(finding, sent.get('initialize'), options);
  // A server that is legacy as far as is known may still say that it is modern.
  const isModernWanted = result.kind === 'greeted' && finding.isAssumed;
  for (const [question, { forget }] of sent) {
    if (!isModernWanted || question === 'initialize') forget();
    else forget((late) => isModern(late) && options.onLateModern());
  }
  return result;
}

async function follow(
  { by, reply, isAssumed }: EraFinding<ChildReply>,
  initialize: SentQuestion | undefined,
  options: HandshakeOptions,
): Promise<HandshakeResult> {
  if (by === 'initialize') return concludeInitialize(reply, options, isAssumed);
  const result = concludeDiscover(reply);
  if (result.kind !== 'greeted' || initialize === undefined) return result;
  const greeted = await resultWithin(options.clock, options.discoverLimitMs, initialize.reply);
  return greeted?.ok === true ? { kind: 'turned_legacy' } : result;
}

function readDiscover(reply: ChildReply): EraVerdict {
  return assessDiscover(
    reply.ok ? { kind: 'result', result: reply.result } : discoverAnswerOf(reply.facts),
  );
}

function readInitialize(reply: ChildReply): 'accepted' | FailureFacts {
  if (!reply.ok) return reply.facts;
  const reading = readInitializeResult(reply.result);
  return reading.ok
    ? 'accepted'
    : { kind: 'unusable', method: 'initialize', reason: reading.reason };
}

function isModern(reply: ChildReply): boolean {
  return readDiscover(reply).kind === 'modern';
}

function concludeDiscover(reply: ChildReply): HandshakeResult {
  return conclude('server/discover', { era: 'modern' }, reply, readDiscoverResult);
}

function concludeInitialize(
  reply: ChildReply,
  options: HandshakeOptions,
  isEraAssumed = false,
): HandshakeResult {
  const era = { era: 'legacy', ...(isEraAssumed && { isEraAssumed }) } as const;
  const result = conclude('initialize', era, reply, readInitializeResult);
  if (result.kind === 'greeted') options.channel.notify('notifications/initialized');
  return result;
}

function conclude(
  method: string,
  era: Pick<ServerIdentity, 'era' | 'isEraAssumed'>,
  reply: ChildReply,
  read: (result: unknown) => HandshakeReading,
): HandshakeResult {
  if (!reply.ok) return { kind: 'failed', facts: reply.facts };
  const reading = read(reply.result);
  if (!reading.ok || !isJsonObject(reply.result)) {
    const reason = reading.ok ? 'its result is not an object' : reading.reason;
    return { kind: 'failed', facts: { kind: 'unusable', method, reason } };
  }
  const identity: ServerIdentity = { transport: 'stdio', ...era, ...reading.handshake };
  return { kind: 'greeted', greeting: { identity, result: reply.result } };
}

/** Sends one request of the handshake, until `signal` aborts, and notes it as a step of the check. */
function ask(question: EraQuestion, options: HandshakeOptions): SentQuestion {
  const { channel, client, clock, onStep, signal } = options;
  const isInitialize = question === 'initialize';
  const method = isInitialize ? 'initialize' : 'server/discover';
  const params = isInitialize ? initializeParams(client) : { _meta: modernMeta(client) };
  const startedAtMs = clock.monotonicMs();
  const { promise, resolve } = Promise.withResolvers<ChildReply>();
  const end = (reply: ChildReply): void => {
    signal.removeEventListener('abort', onAbort);
    const durationMs = clock.monotonicMs() - startedAtMs;
    const detail = describe(reply, channel.takeOddities());
    onStep({ name: method, durationMs, ok: reply.ok, detail });
    resolve(reply);
  };
  const onAbort = (): void => {
    forgetRequest();
    const facts = timeoutFacts(`answer to ${method}`, signal, clock.monotonicMs() - startedAtMs);
    end({ ok: false, facts });
  };
  const forgetRequest = channel.send(method, params, end);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  return {
    reply: promise,
    forget(onLate) {
      signal.removeEventListener('abort', onAbort);
      forgetRequest(onLate);
    },
  };
}

function describe(reply: ChildReply, oddities: string): string {
  const said = reply.ok ? 'answered' : classifyFailure(reply.facts).detail;
  return oddities === '' ? said : `${said} (${oddities})`;
}

function noteSilence({ discoverLimitMs, onStep }: HandshakeOptions): void {
  onStep({
    name: 'server/discover',
    durationMs: discoverLimitMs,
    ok: false,
    detail: silenceDetail(discoverLimitMs),
  });
}
