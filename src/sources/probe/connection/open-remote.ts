import type { ServerIdentity } from '../../../facts/check-report.ts';
import { isJsonObject, type JsonObject } from '../../../facts/json-object.ts';
import type { Clock } from '../../../facts/ports/clock.ts';
import type { Era } from '../../../facts/server.ts';
import { assessDiscover, type EraVerdict } from '../../../protocol/assess-discover.ts';
import { classifyFailure, type FailureFacts } from '../../../protocol/classify-failure.ts';
import { discoverAnswerOf } from '../../../protocol/discover-answer.ts';
import {
  type ClientName,
  initializeParams,
  modernMeta,
  readDiscoverResult,
  readInitializeResult,
} from '../../../protocol/handshake.ts';
import type { RpcAnswer } from '../../../protocol/json-rpc.ts';
import type { EraMemory } from '../../../protocol/era-memory.ts';
import { findEra, silenceDetail } from '../../../protocol/find-era.ts';
import { addStep, createMeasurement, mergeMeasurement } from '../../../protocol/measurement.ts';
import type { EraQuestion } from '../../../protocol/negotiate-era.ts';
import type {
  Measurement,
  RequestOptions,
  RequestFailure,
} from '../../../protocol/probe-client.ts';
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
  /** After this, `initialize` is sent as well: some old servers never answer `server/discover`. */
  readonly discoverLimitMs: number;
}

/** The ways to open a session with a remote server. */
export interface RemoteHandshakes {
  discover(options: RequestOptions): Promise<OpeningResult>;
  initialize(options: RequestOptions): Promise<OpeningResult>;
  /** Whether another request can be made after one that failed. */
  canGoOn(): boolean;
}

export interface RemoteOpening {
  /** What the handshake led to. */
  readonly opening: OpeningResult;
  /** The server accepted `initialize` but did not answer `server/discover`. */
  readonly isEraAssumed: boolean;
  /** The requests that were sent. */
  readonly asked: ReadonlySet<EraQuestion>;
}

/** Opens a session by the handshake of the known era, or finds the era out. */
export async function openRemote(
  memory: EraMemory,
  handshakes: RemoteHandshakes,
  remote: RemoteOptions,
  options: RequestOptions,
): Promise<RemoteOpening> {
  const { phasesMs } = options.measurement;
  const connectingMs = (): number => (phasesMs.connect ?? 0) + (phasesMs.tls ?? 0);
  const connectedBeforeMs = connectingMs();
  const startedAt = remote.clock.monotonicMs();
  const opened = await openByEra(memory, handshakes, remote, options);
  const durationMs = remote.clock.monotonicMs() - startedAt;
  const handshakeMs = durationMs - (connectingMs() - connectedBeforeMs);
  phasesMs.handshake = (phasesMs.handshake ?? 0) + Math.max(0, handshakeMs);
  return opened;
}

async function openByEra(
  memory: EraMemory,
  handshakes: RemoteHandshakes,
  remote: RemoteOptions,
  options: RequestOptions,
): Promise<RemoteOpening> {
  const era = memory.era();
  if (era === undefined) return openByDetection(handshakes, remote, options);
  const isEraAssumed = era === 'legacy' && memory.isAssumed();
  const question = era === 'modern' ? 'discover' : 'initialize';
  const opening = await handshakes[question](options);
  return { ...assume(opening, isEraAssumed), asked: new Set([question]) };
}

async function openByDetection(
  handshakes: RemoteHandshakes,
  { clock, discoverLimitMs }: RemoteOptions,
  { signal, measurement }: RequestOptions,
): Promise<RemoteOpening> {
  const life = new AbortController();
  const onAbort = (): void => life.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  // Two requests may run at the same time, so each is measured by itself.
  const ask = async (question: EraQuestion): Promise<OpeningResult> => {
    const own = createMeasurement();
    const run = question === 'initialize' ? handshakes.initialize : handshakes.discover;
    const opening = await run({ signal: life.signal, measurement: own });
    const isAbandoned = life.signal.aborted && !signal.aborted;
    if (!isAbandoned) mergeMeasurement(own, measurement);
    return opening;
  };
  const { reply, isAssumed, asked } = await findEra<OpeningResult>(
    {
      ask,
      readDiscover,
      readInitialize: (opening) => (opening.ok ? 'accepted' : opening.facts),
      canAsk: () => !signal.aborted && handshakes.canGoOn(),
      onOverdue: () => noteSilence(measurement, discoverLimitMs),
    },
    { clock, discoverLimitMs },
  );
  signal.removeEventListener('abort', onAbort);
  life.abort();
  await Promise.all(asked.values());
  return { ...assume(reply, isAssumed), asked: new Set(asked.keys()) };
}

function assume(
  opening: OpeningResult,
  isEraAssumed: boolean,
): Pick<RemoteOpening, 'opening' | 'isEraAssumed'> {
  if (!opening.ok || !isEraAssumed) return { opening, isEraAssumed: false };
  const identity = { ...opening.identity, isEraAssumed: true as const };
  return { opening: { ok: true, identity }, isEraAssumed };
}

function readDiscover(opening: OpeningResult): EraVerdict {
  if (opening.ok) return { kind: 'modern' };
  return assessDiscover(
    opening.result === undefined
      ? discoverAnswerOf(opening.facts)
      : { kind: 'result', result: opening.result },
  );
}

function noteSilence(measurement: Measurement, discoverLimitMs: number): void {
  addStep(measurement, {
    name: 'server/discover',
    durationMs: discoverLimitMs,
    ok: false,
    detail: silenceDetail(discoverLimitMs),
  });
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
    const { result } = answered;
    const reading = (isModern ? readDiscoverResult : readInitializeResult)(result);
    if (!reading.ok) return { ...unusable(method, reading.reason), result };
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
  // It has nothing to say but that it is there: servers send null or "pong".
  if (method === 'ping' && answer !== undefined && !isJsonObject(result))
    return { ok: true, result: {} };
  return isJsonObject(result)
    ? { ok: true, result }
    : unusable(method, 'its result is not an object');
}

/** A server of which these say something else than that it does not know `notifications/initialized`. */
const NOT_IGNORED: ReadonlySet<number> = new Set([401, 403, 404, 429]);

/** Whether the refusal of `notifications/initialized` may be ignored, as the Python SDK does: requests show whether the session works. */
export function isIgnored(facts: FailureFacts): boolean {
  return facts.kind === 'http' && facts.status >= 400 && !NOT_IGNORED.has(facts.status);
}

export function failed(facts: FailureFacts): Failed {
  return { ok: false, failure: classifyFailure(facts), facts };
}

export function unusable(method: string, reason: string): Failed {
  return failed({ kind: 'unusable', method, reason });
}
