import type { CapabilitySnapshot } from '../../../facts/capability-snapshot.ts';
import type { CheckReport, ServerIdentity } from '../../../facts/check-report.ts';
import { formatLimit } from '../../../protocol/classify-failure.ts';
import { redact, type Secret } from '../../../facts/secret.ts';
import type { CheckOptions, Connection } from '../ports.ts';
import type { Clock } from '../../../facts/ports/clock.ts';
import { createMeasurement } from '../../../protocol/measurement.ts';
import type { Peer } from './peer.ts';
import type { RequestOptions, Wire, WireFailure } from '../../../protocol/wire.ts';

export interface ConnectionOptions {
  readonly peer: Peer;
  readonly secrets: readonly Secret[];
  readonly clock: Clock;
}

type Found =
  | {
      readonly ok: true;
      readonly detail: string;
      readonly identity?: ServerIdentity;
      readonly snapshot?: CapabilitySnapshot;
    }
  | { readonly ok: false; readonly failure: WireFailure; readonly identity?: ServerIdentity };

/** What the prober keeps for one server: runs one check after the other and reports on each, secrets masked. */
export function createConnection({ peer, secrets, clock }: ConnectionOptions): Connection {
  const { wire } = peer;
  let tail: Promise<unknown> = Promise.resolve();
  let running: AbortController | undefined;
  let isClosed = false;
  let identity: ServerIdentity | undefined;

  function enqueue(
    kind: CheckReport['kind'],
    options: CheckOptions,
    run: (options: RequestOptions) => Promise<Found>,
  ): Promise<CheckReport> {
    const report = tail.then(() => runCheck(kind, options, run));
    tail = report;
    return report;
  }

  async function runCheck(
    kind: CheckReport['kind'],
    { signal }: CheckOptions,
    run: (options: RequestOptions) => Promise<Found>,
  ): Promise<CheckReport> {
    const controller = new AbortController();
    const onAbort = (): void => controller.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted || isClosed) onAbort();
    running = controller;
    const measurement = createMeasurement();
    const startedAtMs = clock.nowMs();
    const startedAt = clock.monotonicMs();
    const found = await run({ signal: controller.signal, measurement });
    signal.removeEventListener('abort', onAbort);
    running = undefined;
    if (found.identity !== undefined) ({ identity } = found);
    const { phasesMs, bytesSent, bytesReceived, tlsExpiresAtMs } = measurement;
    const mask = (text: string): string => redact(text, secrets);
    return {
      kind,
      ...(found.ok ? describeSuccess(found, mask) : describeFailure(found, mask)),
      startedAtMs,
      durationMs: clock.monotonicMs() - startedAt,
      phasesMs,
      steps: measurement.steps.map((step) => ({ ...step, detail: mask(step.detail) })),
      bytesSent,
      bytesReceived,
      ...(tlsExpiresAtMs !== undefined && { tlsExpiresAtMs }),
    };
  }

  async function checkSteadily(options: RequestOptions): Promise<Found> {
    if (wire.state() !== 'open') return openWire(wire, options, clock);
    const first = await askAlive(wire, identity, options, clock);
    if (first.ok || !isSessionGone(first.failure, identity, wire)) return first;
    // Sessions end with deployments and idle limits: one new one, and it must last for a ping.
    const opened = await openWire(wire, options, clock);
    if (!opened.ok || wire.state() !== 'open') return opened;
    const second = await askAlive(wire, opened.identity, options, clock);
    return second.ok
      ? { ...opened, detail: `The session was gone; a new one was given. ${second.detail}` }
      : second;
  }

  return {
    check: (options) => enqueue('steady', options, checkSteadily),
    inspect: (options) => enqueue('deep', options, (deep) => peer.inspect(deep)),
    isOpen: () => !isClosed && wire.state() !== 'closed',
    processUsage: () => peer.processUsage(),
    async close() {
      isClosed = true;
      running?.abort();
      await tail;
      await peer.close();
    },
  };
}

/**
 * What was kept had ended, perhaps long before the check: wires forget it when they notice. A stream that ended while
 * nobody looked is noticed by the request that meets it.
 */
function isSessionGone(
  { outcome, httpStatus }: WireFailure,
  identity: ServerIdentity | undefined,
  wire: Wire,
): boolean {
  if (wire.state() !== 'closed') return false;
  return (
    outcome === 'session_lost' ||
    httpStatus === 400 ||
    (outcome === 'reset' && identity?.transport === 'sse')
  );
}

async function openWire(wire: Wire, options: RequestOptions, clock: Clock): Promise<Found> {
  const startedAt = clock.monotonicMs();
  const opened = await wire.open(options);
  if (!opened.ok) return opened;
  const { identity } = opened;
  const method = identity.era === 'modern' ? 'server/discover' : 'initialize';
  const kept = wire.state() === 'open' ? `; ${KEPT[identity.transport]} is kept` : '';
  const took = formatLimit(clock.monotonicMs() - startedAt);
  return {
    ok: true,
    identity,
    detail: `${method} was answered in ${took} (${identity.protocolVersion})${kept}.`,
  };
}

const KEPT = { http: 'a session', sse: 'the stream', stdio: 'the process' } as const;

async function askAlive(
  wire: Wire,
  identity: ServerIdentity | undefined,
  options: RequestOptions,
  clock: Clock,
): Promise<Found> {
  const startedAt = clock.monotonicMs();
  const method = identity?.era === 'modern' ? 'server/discover' : 'ping';
  const answered = await wire.request(method, undefined, options);
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

type Described = Pick<
  CheckReport,
  'outcome' | 'detail' | 'httpStatus' | 'rpcCode' | 'retryAfterMs' | 'identity' | 'snapshot'
>;

function describeSuccess(
  found: Extract<Found, { ok: true }>,
  mask: (text: string) => string,
): Described {
  const { detail, identity, snapshot } = found;
  return {
    outcome: 'ok',
    detail: mask(detail),
    ...(identity !== undefined && { identity }),
    ...(snapshot !== undefined && { snapshot }),
  };
}

function describeFailure(
  { failure, identity }: Extract<Found, { ok: false }>,
  mask: (text: string) => string,
): Described {
  return { ...failure, detail: mask(failure.detail), ...(identity !== undefined && { identity }) };
}
