import type { ServerIdentity } from '../../../facts/check-report.ts';
import { startDeadline } from '../../../facts/deadline.ts';
import type { Clock } from '../../../facts/ports/clock.ts';
import { formatLimit } from '../../../protocol/classify-failure.ts';
import type { ProbeFailure } from '../../../facts/probe-outcome.ts';
import type {
  ProbeClient,
  RequestFailure,
  RequestOptions,
} from '../../../protocol/probe-client.ts';

export interface SteadyRequestOptions {
  readonly probeClient: ProbeClient;
  readonly clock: Clock;
  /** For how long a ping after a fresh handshake may stay unanswered. */
  readonly pingLimitMs: () => number;
}

export type SteadyAnswer =
  | { readonly ok: true; readonly detail: string }
  | { readonly ok: false; readonly failure: RequestFailure };

/** How a server may fail a `ping` that it does not support. */
const IS_UNSUPPORTED: ReadonlySet<ProbeFailure> = new Set([
  'reset',
  'timeout',
  'http_4xx',
  'http_5xx',
  'session_lost',
  'protocol',
  'rpc_error',
  'exit',
]);

export const KEPT = { http: 'a session', sse: 'the stream', stdio: 'the process' } as const;

/**
 * The request that shows that a server works in the session, stream or process that is kept. In the modern era it is
 * `server/discover`, else `ping`. Clients hardly ever send `ping`, and some servers refuse it, never answer it or end at
 * it. So if it fails even after a fresh handshake, `tools/list` is asked, and from then on if it is answered.
 */
export class SteadyRequest {
  readonly #options: SteadyRequestOptions;
  #method: 'ping' | 'tools/list' = 'ping';

  constructor(options: SteadyRequestOptions) {
    this.#options = options;
  }

  /** In what was opened by an earlier check. */
  ask(identity: ServerIdentity | undefined, options: RequestOptions): Promise<SteadyAnswer> {
    const method = identity?.era === 'modern' ? 'server/discover' : this.#method;
    return this.#request(method, identity, options);
  }

  /** After a fresh handshake, which followed a failure. */
  async askAfresh(identity: ServerIdentity, options: RequestOptions): Promise<SteadyAnswer> {
    if (identity.era === 'modern' || this.#method !== 'ping') return this.ask(identity, options);
    const pinged = await this.#pingWithin(identity, options);
    if (pinged.ok || !mayBeUnsupported(pinged.failure)) return pinged;
    // A process that ended at it is asked when the next check has started another.
    if (pinged.failure.outcome === 'exit') this.#method = 'tools/list';
    if (options.signal.aborted || this.#options.probeClient.state() !== 'open') return pinged;
    const listed = await this.#request('tools/list', identity, options);
    if (!listed.ok) return pinged;
    this.#method = 'tools/list';
    return listed;
  }

  async #pingWithin(
    identity: ServerIdentity,
    { signal, measurement }: RequestOptions,
  ): Promise<SteadyAnswer> {
    const { clock, pingLimitMs } = this.#options;
    const deadline = startDeadline(clock, pingLimitMs(), signal);
    const pinged = await this.#request('ping', identity, { signal: deadline.signal, measurement });
    deadline.end();
    return pinged;
  }

  async #request(
    method: string,
    identity: ServerIdentity | undefined,
    options: RequestOptions,
  ): Promise<SteadyAnswer> {
    const { probeClient, clock } = this.#options;
    const { phasesMs } = options.measurement;
    const startedAt = clock.monotonicMs();
    const answered = await probeClient.request(method, undefined, options);
    if (!answered.ok) return answered;
    const durationMs = clock.monotonicMs() - startedAt;
    phasesMs.call ??= durationMs;
    const where =
      identity === undefined
        ? ''
        : ` in ${KEPT[identity.transport]} that is kept (${identity.protocolVersion})`;
    return { ok: true, detail: `${method} was answered in ${formatLimit(durationMs)}${where}.` };
  }
}

function mayBeUnsupported({ outcome, retryAfterMs }: RequestFailure): boolean {
  return retryAfterMs === undefined && IS_UNSUPPORTED.has(outcome);
}
