import { classifyFailure, type FailureFacts, formatLimit } from '../classify-failure.ts';
import { isJsonObject, type JsonObject } from '../../facts/json-object.ts';
import { assessDiscover } from '../assess-discover.ts';
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
import type { ChildChannel } from './child-channel.ts';
import { discoverAnswerOf } from '../discover-answer.ts';

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
  readonly signal: AbortSignal;
}

/** Does the handshake with a child that was just started. Never rejects. */
export async function shakeHands(options: HandshakeOptions): Promise<HandshakeResult> {
  if (options.plan === 'legacy') return concludeInitialize(await initialize(options), options);
  if (options.plan === 'modern') return concludeDiscover(await discover(options).reply);
  return detectEra(options);
}

interface Asked {
  readonly reply: Promise<ChildReply>;
  /** Its answer no longer matters. */
  forget(): void;
}

async function detectEra(options: HandshakeOptions): Promise<HandshakeResult> {
  const discovery = discover(options);
  const first = await withinLimit(discovery.reply, options);
  if (first) return followDiscover(first, options);
  noteSilence(options);
  // From here on either answer may come first, and a server that starts slowly will answer both.
  const greeting = ask('initialize', initializeParams(options.client), options);
  const isGreetingFirst = await Promise.race([
    discovery.reply.then(() => false),
    greeting.reply.then(() => true),
  ]);
  return isGreetingFirst
    ? followInitialize(await greeting.reply, discovery, options)
    : followBoth(await discovery.reply, greeting, options);
}

async function followInitialize(
  greeted: ChildReply,
  discovery: Asked,
  options: HandshakeOptions,
): Promise<HandshakeResult> {
  const exit = exitIn(greeted);
  if (exit) return { kind: 'ended_on_discover', facts: exit };
  // Servers that handle requests concurrently may refuse `initialize` a moment before they answer discover.
  const discovered = greeted.ok ? undefined : await withinLimit(discovery.reply, options);
  discovery.forget();
  return discovered && isModern(discovered)
    ? concludeDiscover(discovered)
    : concludeInitialize(greeted, options);
}

async function followBoth(
  discovered: ChildReply,
  greeting: Asked,
  options: HandshakeOptions,
): Promise<HandshakeResult> {
  const exit = exitIn(discovered);
  if (exit) return { kind: 'ended_on_discover', facts: exit };
  if (!isModern(discovered)) return concludeInitialize(await greeting.reply, options);
  const greeted = await withinLimit(greeting.reply, options);
  greeting.forget();
  return greeted?.ok ? { kind: 'turned_legacy' } : concludeDiscover(discovered);
}

/** After an answer to discover that came before `initialize` was sent. */
async function followDiscover(
  reply: ChildReply,
  options: HandshakeOptions,
): Promise<HandshakeResult> {
  const exit = exitIn(reply);
  if (exit) return { kind: 'ended_on_discover', facts: exit };
  switch (verdictOf(reply)) {
    case 'modern':
    case 'modern_refusal':
    case 'none':
      return concludeDiscover(reply);
    case 'try_initialize':
      return concludeInitialize(await initialize(options), options);
  }
}

function verdictOf(reply: ChildReply): ReturnType<typeof assessDiscover>['kind'] {
  if (reply.ok) return assessDiscover({ kind: 'result', result: reply.result }).kind;
  // The time of the whole start ran out.
  if (reply.facts.kind === 'timeout') return 'none';
  return assessDiscover(discoverAnswerOf(reply.facts)).kind;
}

function isModern(reply: ChildReply): boolean {
  return verdictOf(reply) === 'modern';
}

function exitIn(reply: ChildReply): FailureFacts | undefined {
  return !reply.ok && reply.facts.kind === 'exit' ? reply.facts : undefined;
}

function concludeDiscover(reply: ChildReply): HandshakeResult {
  return conclude('server/discover', 'modern', reply, readDiscoverResult);
}

function concludeInitialize(reply: ChildReply, options: HandshakeOptions): HandshakeResult {
  const result = conclude('initialize', 'legacy', reply, readInitializeResult);
  if (result.kind === 'greeted') options.channel.notify('notifications/initialized');
  return result;
}

function conclude(
  method: string,
  era: Era,
  reply: ChildReply,
  read: (result: unknown) => HandshakeReading,
): HandshakeResult {
  if (!reply.ok) return { kind: 'failed', facts: reply.facts };
  const reading = read(reply.result);
  if (!reading.ok || !isJsonObject(reply.result)) {
    const reason = reading.ok ? 'its result is not an object' : reading.reason;
    return { kind: 'failed', facts: { kind: 'unusable', method, reason } };
  }
  const identity: ServerIdentity = { transport: 'stdio', era, ...reading.handshake };
  return { kind: 'greeted', greeting: { identity, result: reply.result } };
}

function discover(options: HandshakeOptions): Asked {
  return ask('server/discover', { _meta: modernMeta(options.client) }, options);
}

function initialize(options: HandshakeOptions): Promise<ChildReply> {
  return ask('initialize', initializeParams(options.client), options).reply;
}

/** Sends one request of the handshake and notes it as a step of the check. */
function ask(method: string, params: JsonObject, options: HandshakeOptions): Asked {
  const { channel, clock, onStep, signal } = options;
  const forgotten = new AbortController();
  const startedAtMs = clock.monotonicMs();
  const onAbort = (): void => forgotten.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const reply = channel.request(method, params, forgotten.signal).then((received) => {
    signal.removeEventListener('abort', onAbort);
    const isForgotten = forgotten.signal.aborted && !signal.aborted;
    if (!isForgotten) {
      onStep({
        name: method,
        durationMs: clock.monotonicMs() - startedAtMs,
        ok: received.ok,
        detail: describe(received, channel.takeOddities()),
      });
    }
    return received;
  });
  return { reply, forget: () => forgotten.abort() };
}

function describe(reply: ChildReply, oddities: string): string {
  const said = reply.ok ? 'answered' : classifyFailure(reply.facts).detail;
  return oddities === '' ? said : `${said} (${oddities})`;
}

/** Undefined if there is no answer within the limit of discover. */
function withinLimit(
  reply: Promise<ChildReply>,
  { clock, discoverLimitMs }: HandshakeOptions,
): Promise<ChildReply | undefined> {
  return resultWithin(clock, discoverLimitMs, reply);
}

function noteSilence({ discoverLimitMs, onStep }: HandshakeOptions): void {
  onStep({
    name: 'server/discover',
    durationMs: discoverLimitMs,
    ok: false,
    detail: `No answer within ${formatLimit(discoverLimitMs)}: initialize is tried as well.`,
  });
}
