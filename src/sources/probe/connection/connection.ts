import { type CapabilitySnapshot, maskSnapshot } from '../../../facts/capability-snapshot.ts';
import type { CheckReport, ServerIdentity } from '../../../facts/check-report.ts';
import { formatLimit } from '../../../protocol/classify-failure.ts';
import { maskText, maskTexts } from '../../../facts/rules/mask-text.ts';
import type { Secret } from '../../../facts/secret.ts';
import type { CheckOptions, Connection } from '../ports.ts';
import type { Clock } from '../../../facts/ports/clock.ts';
import type { LoopWatch } from '../../../protocol/loop-watch.ts';
import { createMeasurement } from '../../../protocol/measurement.ts';
import { afterFailure, UNANSWERED_MAX } from './after-failure.ts';
import { KEPT, type SteadyAnswer, SteadyRequest } from './steady-request.ts';
import type { MonotonicMs } from '../../../facts/time.ts';
import type { ProbedServer } from './probed-server.ts';
import type {
  Measurement,
  RequestOptions,
  ProbeClient,
  RequestFailure,
} from '../../../protocol/probe-client.ts';

export interface ConnectionOptions {
  readonly server: ProbedServer;
  readonly secrets: readonly Secret[];
  /** Those that change while the connection lasts. */
  readonly moreSecrets?: () => readonly Secret[];
  readonly clock: Clock;
  readonly loop: LoopWatch;
  /** See {@link SteadyRequest}. */
  readonly pingLimitMs: () => number;
}

type CheckFinding =
  | {
      readonly ok: true;
      readonly detail: string;
      readonly identity?: ServerIdentity;
      readonly snapshot?: CapabilitySnapshot;
      /** What was kept had failed. */
      readonly isReopened?: boolean;
    }
  | { readonly ok: false; readonly failure: RequestFailure; readonly identity?: ServerIdentity };

/** What the prober keeps for one server: runs one check after the other and reports on each, secrets masked. */
export function createConnection(options: ConnectionOptions): Connection {
  return new PeerConnection(options);
}

type Run = (options: RequestOptions) => Promise<CheckFinding>;

class PeerConnection implements Connection {
  readonly #server: ProbedServer;
  readonly #clock: Clock;
  readonly #loop: LoopWatch;
  readonly #mask: (text: string) => string;
  readonly #steadyRequest: SteadyRequest;
  #tail: Promise<unknown> = Promise.resolve();
  #running: AbortController | undefined;
  #isClosed = false;
  #identity: ServerIdentity | undefined;
  /** A check succeeded in what is kept. */
  #hasWorked = false;
  /** Requests in a row that were not answered in time. */
  #unanswered = 0;
  /** A handshake alone does not prove that a server which failed a request works again. */
  #mustAsk = false;
  #hasDeepWorked = false;

  constructor(options: ConnectionOptions) {
    const { server, secrets, moreSecrets, clock, loop, pingLimitMs } = options;
    this.#server = server;
    this.#steadyRequest = new SteadyRequest({
      probeClient: server.probeClient,
      clock,
      pingLimitMs,
    });
    this.#clock = clock;
    this.#loop = loop;
    this.#mask = (text) => maskText(text, [...secrets, ...(moreSecrets?.() ?? [])]);
  }

  check(options: CheckOptions): Promise<CheckReport> {
    return this.#enqueue('steady', options, (steady) => this.#checkSteadily(steady));
  }

  inspect(options: CheckOptions): Promise<CheckReport> {
    return this.#enqueue('deep', options, (deep) => this.#checkDeeply(deep));
  }

  isOpen(): boolean {
    return !this.#isClosed && this.#server.probeClient.state() !== 'closed';
  }

  processUsage(): ReturnType<Connection['processUsage']> {
    return this.#server.processUsage();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#running?.abort();
    await this.#tail;
    await this.#server.close();
  }

  #enqueue(kind: CheckReport['kind'], options: CheckOptions, run: Run): Promise<CheckReport> {
    const report = this.#tail.then(() => this.#runCheck(kind, options, run));
    this.#tail = report;
    return report;
  }

  async #runCheck(
    kind: CheckReport['kind'],
    { signal }: CheckOptions,
    run: Run,
  ): Promise<CheckReport> {
    const controller = new AbortController();
    const onAbort = (): void => controller.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted || this.#isClosed) onAbort();
    this.#running = controller;
    const measurement = createMeasurement();
    const startedAtMs = this.#clock.nowMs();
    const startedAt = this.#clock.monotonicMs();
    this.#loop.begin();
    const found = await run({ signal: controller.signal, measurement });
    const endedAt = this.#clock.monotonicMs();
    const timing = timingOf({ kind, isOk: found.ok, startedAt, endedAt }, measurement, this.#loop);
    this.#loop.end();
    signal.removeEventListener('abort', onAbort);
    this.#running = undefined;
    if (found.identity !== undefined) this.#identity = found.identity;
    const { phasesMs, bytesSent, bytesReceived, authorizationMs, tlsExpiresAtMs } = measurement;
    return {
      kind,
      ...(found.ok ? describeSuccess(found, this.#mask) : describeFailure(found, this.#mask)),
      startedAtMs,
      durationMs: endedAt - startedAt - authorizationMs,
      ...timing,
      phasesMs,
      steps: maskTexts(measurement.steps, this.#mask),
      bytesSent,
      bytesReceived,
      ...(tlsExpiresAtMs !== undefined && { tlsExpiresAtMs }),
    };
  }

  async #checkSteadily(options: RequestOptions): Promise<CheckFinding> {
    if (this.#server.probeClient.state() !== 'open') return this.#openAfresh(options);
    const answer = await this.#steadyRequest.ask(this.#identity, options);
    const first = this.#noteAnswer(answer, this.#identity, options);
    if (first.ok || !this.#giveUpKept(first.failure, options)) return first;
    const second = await this.#openAfresh(options);
    if (!second.ok) return second;
    const lost = LOST[this.#identity?.transport ?? 'http'];
    const detail = `${lost} no longer worked (${outcomeOf(first.failure)}) and was replaced. ${second.detail}`;
    return { ...second, detail, isReopened: true };
  }

  /** Over HTTP a deep check opens a session of its own; over stdio it runs in the kept child. */
  async #checkDeeply(options: RequestOptions): Promise<CheckFinding> {
    const wasKept =
      this.#identity?.transport === 'stdio' && this.#server.probeClient.state() === 'open';
    const hasWorked = this.#hasDeepWorked;
    const first = await this.#server.inspect(options);
    this.#hasDeepWorked = first.ok;
    if (first.ok || !wasKept || !hasWorked || options.signal.aborted) return first;
    this.#server.probeClient.abandon(first.failure);
    const second = await this.#server.inspect(options);
    this.#hasDeepWorked = second.ok;
    return second;
  }

  async #openAfresh(options: RequestOptions): Promise<CheckFinding> {
    const { probeClient } = this.#server;
    const opened = await openClient(probeClient, options, this.#clock);
    if (!opened.ok || probeClient.state() !== 'open' || !this.#mustAsk) {
      this.#hasWorked = opened.ok;
      return opened;
    }
    this.#hasWorked = false;
    const answer = await this.#steadyRequest.askAfresh(opened.identity, options);
    const asked = this.#noteAnswer(answer, opened.identity, options);
    if (asked.ok) return { ...asked, detail: `${opened.detail} ${asked.detail}` };
    this.#giveUpKept(asked.failure, options);
    return asked;
  }

  #noteAnswer(
    answer: SteadyAnswer,
    identity: ServerIdentity | undefined,
    { signal }: RequestOptions,
  ): CheckFinding {
    this.#unanswered = !answer.ok && signal.aborted ? this.#unanswered + 1 : 0;
    if (answer.ok) this.#hasWorked = true;
    this.#mustAsk = !answer.ok && (this.#mustAsk || this.#unanswered >= UNANSWERED_MAX);
    return answer.ok ? { ...answer, ...(identity !== undefined && { identity }) } : answer;
  }

  /** @returns whether the check is to be repeated at once */
  #giveUpKept(failure: RequestFailure, { signal }: RequestOptions): boolean {
    const next = afterFailure(failure, {
      transport: this.#identity?.transport,
      hasWorked: this.#hasWorked,
      unanswered: this.#unanswered,
      isTimeUp: signal.aborted,
    });
    if (next === 'keep') return false;
    this.#unanswered = 0;
    this.#mustAsk = true;
    this.#server.probeClient.abandon(failure);
    return next === 'repeat';
  }
}

interface CheckSpan {
  readonly kind: CheckReport['kind'];
  readonly isOk: boolean;
  readonly startedAt: MonotonicMs;
  readonly endedAt: MonotonicMs;
}

function timingOf(
  { kind, isOk, startedAt, endedAt }: CheckSpan,
  { roundTrip }: Measurement,
  loop: LoopWatch,
): Pick<CheckReport, 'responseMs' | 'lateMs'> {
  const isMeasured = kind === 'steady' && isOk && roundTrip !== undefined;
  const [from, to] = isMeasured
    ? [roundTrip.writtenAtMs, roundTrip.answeredAtMs]
    : [startedAt, endedAt];
  const lateMs = loop.lateMs(from, to);
  return {
    ...(isMeasured && { responseMs: Math.max(0, to - from - lateMs) }),
    ...(lateMs > 0 && { lateMs }),
  };
}

function outcomeOf({ outcome, httpStatus }: RequestFailure): string {
  return httpStatus === undefined ? outcome : `HTTP ${httpStatus}`;
}

async function openClient(
  probeClient: ProbeClient,
  options: RequestOptions,
  clock: Clock,
): Promise<
  | (Extract<CheckFinding, { ok: true }> & { readonly identity: ServerIdentity })
  | Extract<CheckFinding, { ok: false }>
> {
  const startedAt = clock.monotonicMs();
  const opened = await probeClient.open(options);
  if (!opened.ok) return opened;
  const { identity } = opened;
  const method = identity.era === 'modern' ? 'server/discover' : 'initialize';
  const kept = probeClient.state() === 'open' ? `; ${KEPT[identity.transport]} is kept` : '';
  const took = formatLimit(clock.monotonicMs() - startedAt);
  return {
    ok: true,
    identity,
    detail: `${method} was answered in ${took} (${identity.protocolVersion})${kept}.`,
  };
}

const LOST = { http: 'The session', sse: 'The stream', stdio: 'The process' } as const;

type ReportedResult = Pick<
  CheckReport,
  | 'outcome'
  | 'detail'
  | 'httpStatus'
  | 'rpcCode'
  | 'retryAfterMs'
  | 'identity'
  | 'snapshot'
  | 'isReopened'
>;

function describeSuccess(
  found: Extract<CheckFinding, { ok: true }>,
  mask: (text: string) => string,
): ReportedResult {
  const { detail, identity, snapshot, isReopened } = found;
  return {
    outcome: 'ok',
    detail: mask(detail),
    ...(identity !== undefined && { identity: maskTexts(identity, mask) }),
    ...(snapshot !== undefined && { snapshot: maskSnapshot(snapshot, mask) }),
    ...(isReopened !== undefined && { isReopened }),
  };
}

function describeFailure(
  { failure, identity }: Extract<CheckFinding, { ok: false }>,
  mask: (text: string) => string,
): ReportedResult {
  return {
    ...failure,
    detail: mask(failure.detail),
    ...(identity !== undefined && { identity: maskTexts(identity, mask) }),
  };
}
