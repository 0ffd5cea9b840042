import type { ServerIdentity } from '../../../facts/check-report.ts';
import { startDeadline } from '../../../facts/deadline.ts';
import { isJsonObject, type JsonObject } from '../../../facts/json-object.ts';
import type { Clock } from '../../../facts/ports/clock.ts';
import type { Era } from '../../../facts/server.ts';
import { classifyFailure, type FailureFacts } from '../../../protocol/classify-failure.ts';
import {
  type ClientName,
  initializeParams,
  modernMeta,
  readDiscoverResult,
  readInitializeResult,
} from '../../../protocol/handshake.ts';
import type { RpcAnswer } from '../../../protocol/json-rpc.ts';
import { type FailedRequest, nextHandshakeRequest } from '../../../protocol/negotiate-era.ts';
import type { RequestOptions, RequestFailure } from '../../../protocol/probe-client.ts';
import { type OpeningResult, timeHandshake } from './timed-steps.ts';

/** A failed request, with its facts for whoever decides what follows. */
export interface Failed {
  readonly ok: false;
  readonly failure: RequestFailure;
  readonly facts: FailureFacts;
}

export type Answered = { readonly ok: true; readonly result: JsonObject } | Failed;

export interface RemoteOptions {
  readonly transport: 'http' | 'sse';
  readonly client: ClientName;
  readonly clock: Clock;
  /** `server/discover` may not eat the whole time of a handshake: some old servers never answer it. */
  readonly discoverLimitMs: number;
}

/** The ways to open a session with a remote server. */
export interface RemoteHandshakes {
  discover(options: RequestOptions): Promise<OpeningResult>;
  initialize(options: RequestOptions): Promise<OpeningResult>;
  /** Whether another request can be made after one that failed. */
  canGoOn(): boolean;
}

/** Opens a session by the handshake of the known era, or finds the era out. */
export async function openRemote(
  knownEra: Era | undefined,
  handshakes: RemoteHandshakes,
  { clock, discoverLimitMs }: RemoteOptions,
  options: RequestOptions,
): Promise<OpeningResult> {
  const failures: FailedRequest[] = [];
  let opening: OpeningResult | undefined;
  for (;;) {
    const next = nextHandshakeRequest(knownEra, failures);
    if (next === undefined && opening !== undefined) return opening;
    if (next?.request === 'discover' && next.isLimited) {
      const deadline = startDeadline(clock, discoverLimitMs, options.signal);
      opening = await handshakes.discover({ ...options, signal: deadline.signal });
      deadline.end();
    } else if (next?.request === 'discover') {
      opening = await handshakes.discover(options);
    } else {
      opening = await handshakes.initialize(options);
    }
    if (opening.ok || options.signal.aborted || !handshakes.canGoOn()) return opening;
    failures.push({ request: next?.request ?? 'initialize', facts: opening.facts });
  }
}

/** Sends the handshake request of `era`, and reads from its result who answered. */
export function shakeHands(
  era: Era,
  { transport, client, clock }: RemoteOptions,
  options: RequestOptions,
  call: (method: string, params: JsonObject) => Promise<Answered>,
): Promise<OpeningResult> {
  const isModern = era === 'modern';
  const method = isModern ? 'server/discover' : 'initialize';
  const params = isModern ? modernParams(undefined, client) : initializeParams(client);
  return timeHandshake(method, options, clock, async () => {
    const answered = await call(method, params);
    if (!answered.ok) return answered;
    const read = isModern ? readDiscoverResult : readInitializeResult;
    const reading = read(answered.result);
    if (!reading.ok) return unusable(method, reading.reason);
    const identity: ServerIdentity = { transport, era, ...reading.handshake };
    return { ok: true, identity };
  });
}

export function modernParams(params: JsonObject | undefined, client: ClientName): JsonObject {
  return { ...params, _meta: modernMeta(client) };
}

export function requestText(id: number, method: string, params: JsonObject | undefined): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, ...(params && { params }) });
}

export function readResult(method: string, answer: RpcAnswer | undefined): Answered {
  if (answer?.kind === 'error') return failed({ kind: 'rpc', error: answer.error, method });
  const result = answer?.result;
  return isJsonObject(result)
    ? { ok: true, result }
    : unusable(method, 'its result is not an object');
}

export function failed(facts: FailureFacts): Failed {
  return { ok: false, failure: classifyFailure(facts), facts };
}

export function unusable(method: string, reason: string): Failed {
  return failed({ kind: 'unusable', method, reason });
}
