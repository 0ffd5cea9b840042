import type { CapabilitySnapshot } from '../../../facts/capability-snapshot.ts';
import type { CheckReport, ServerIdentity } from '../../../facts/check-report.ts';
import { formatLimit } from '../../../protocol/classify-failure.ts';
import { redact, type Secret } from '../../../facts/secret.ts';
import type { CheckOptions, Connection } from '../ports.ts';
import type { Clock } from '../../../facts/ports/clock.ts';
import { createMeasurement } from '../../../protocol/measurement.ts';
import type { ProbedServer } from './probed-server.ts';
import type {
  RequestOptions,
  ProbeClient,
  RequestFailure,
} from '../../../protocol/probe-client.ts';

export interface ConnectionOptions {
  readonly server: ProbedServer;
  readonly secrets: readonly Secret[];
  readonly clock: Clock;
}

type CheckFinding =
  | {
      readonly ok: true;
      readonly detail: string;
      readonly identity?: ServerIdentity;
      readonly snapshot?: CapabilitySnapshot;
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
  readonly #mask: (text: string) => string;
  #tail: Promise<unknown> = Promise.resolve();
  #running: AbortController | undefined;
  #isClosed = false;
  #identity: ServerIdentity | undefined;

  constructor({ server, secrets, clock }: ConnectionOptions) {
    this.#server = server;
    this.#clock = clock;
    this.#mask = (text) => redact(text, secrets);
  }

  check(options: CheckOptions): Promise<CheckReport> {
    return this.#enqueue('steady', options, (steady) => this.#checkSteadily(steady));
  }

  inspect(options: CheckOptions): Promise<CheckReport> {
    return this.#enqueue('deep', options, (deep) => this.#server.inspect(deep));
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
    const found = await run({ signal: controller.signal, measurement });
    signal.removeEventListener('abort', onAbort);
    this.#running = undefined;
    if (found.identity !== undefined) this.#identity = found.identity;
    const { phasesMs, bytesSent, bytesReceived, tlsExpiresAtMs } = measurement;
    return {
      kind,
      ...(found.ok ? describeSuccess(found, this.#mask) : describeFailure(found, this.#mask)),
      startedAtMs,
      durationMs: this.#clock.monotonicMs() - startedAt,
      phasesMs,
      steps: measurement.steps.map((step) => ({ ...step, detail: this.#mask(step.detail) })),
      bytesSent,
      bytesReceived,
      ...(tlsExpiresAtMs !== undefined && { tlsExpiresAtMs }),
    };
  }

  async #checkSteadily(options: RequestOptions): Promise<CheckFinding> {
    const { probeClient } = this.#server;
    if (probeClient.state() !== 'open') return openClient(probeClient, options, this.#clock);
    const identity = this.#identity;
    const first = await askAlive(probeClient, identity, options, this.#clock);
    if (first.ok || !isSessionGone(first.failure, identity, probeClient)) return first;
    // Sessions end with deployments and idle limits: a new session must last for one ping.
    const opened = await openClient(probeClient, options, this.#clock);
    if (!opened.ok || probeClient.state() !== 'open') return opened;
    const second = await askAlive(probeClient, opened.identity, options, this.#clock);
    return second.ok
      ? { ...opened, detail: `The session was gone; a new one was given. ${second.detail}` }
      : second;
  }
}

/**
 * What was kept had ended, perhaps long before the check: probe clients forget it when they notice. A stream that ended while
 * nobody looked is noticed by the request that meets it.
 */
function isSessionGone(
  { outcome, httpStatus }: RequestFailure,
  identity: ServerIdentity | undefined,
  probeClient: ProbeClient,
): boolean {
  if (probeClient.state() !== 'closed') return false;
  return (
    outcome === 'session_lost' ||
    httpStatus === 400 ||
    (outcome === 'reset' && identity?.transport === 'sse')
  );
}

async function openClient(
  probeClient: ProbeClient,
  options: RequestOptions,
  clock: Clock,
): Promise<CheckFinding> {
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

const KEPT = { http: 'a session', sse: 'the stream', stdio: 'the process' } as const;

async function askAlive(
  probeClient: ProbeClient,
  identity: ServerIdentity | undefined,
  options: RequestOptions,
  clock: Clock,
): Promise<CheckFinding> {
  const startedAt = clock.monotonicMs();
  const method = identity?.era === 'modern' ? 'server/discover' : 'ping';
  const answered = await probeClient.request(method, undefined, options);
  if (!answered.ok) return answered;
  const durationMs = clock.monotonicMs() - startedAt;
  if (options.measurement.phasesMs.call === undefined)
    options.measurement.phasesMs.call = durationMs;
  const where =
    identity === undefined
      ? ''
      : ` in ${KEPT[identity.transport]} that is kept (${identity.protocolVersion})`;
  return {
    ok: true,
    ...(identity !== undefined && { identity }),
    detail: `${method} was answered in ${formatLimit(durationMs)}${where}.`,
  };
}

type ReportedResult = Pick<
  CheckReport,
  'outcome' | 'detail' | 'httpStatus' | 'rpcCode' | 'retryAfterMs' | 'identity' | 'snapshot'
>;

function describeSuccess(
  found: Extract<CheckFinding, { ok: true }>,
  mask: (text: string) => string,
): ReportedResult {
  const { detail, identity, snapshot } = found;
  return {
    outcome: 'ok',
    detail: mask(detail),
    ...(identity !== undefined && { identity }),
    ...(snapshot !== undefined && { snapshot }),
  };
}

function describeFailure(
  { failure, identity }: Extract<CheckFinding, { ok: false }>,
  mask: (text: string) => string,
): ReportedResult {
  return { ...failure, detail: mask(failure.detail), ...(identity !== undefined && { identity }) };
}
