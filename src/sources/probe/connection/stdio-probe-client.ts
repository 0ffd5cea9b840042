import { timeoutFacts } from '../../../protocol/timeout-facts.ts';
import type { ChildExited, ChildStarted } from '../../../facts/child-facts.ts';
import { type Deadline, resultUnlessAborted, startDeadline } from '../../../facts/deadline.ts';
import { isJsonObject, type JsonObject } from '../../../facts/json-object.ts';
import type { Clock } from '../../../facts/ports/clock.ts';
import type { ProcessUsage } from '../../../facts/ports/process-usage.ts';
import { maskText } from '../../../facts/rules/mask-text.ts';
import type { Secret } from '../../../facts/secret.ts';
import type { Era, StdioTarget } from '../../../facts/server.ts';
import {
  classifyFailure,
  type FailureFacts,
  formatLimit,
} from '../../../protocol/classify-failure.ts';
import { type ClientName, modernMeta } from '../../../protocol/handshake.ts';
import { METHOD_NOT_FOUND } from '../../../protocol/json-rpc.ts';
import { addStep, createMeasurement } from '../../../protocol/measurement.ts';
import type { ChildReply } from '../../../protocol/stdio/channel-state.ts';
import { CHANNEL_LIMITS } from '../../../protocol/stdio/child-channel.ts';
import { exitFacts } from '../../../protocol/stdio/child-end.ts';
import { ChildTransport } from '../../../protocol/stdio/child-transport.ts';
import type { StdioClient, StdioClients } from '../../../protocol/stdio/stdio-client.ts';
import { DISCOVER_LIMIT_MS } from '../../../protocol/stdio/stdio-handshake.ts';
import {
  createLauncher,
  type Launcher,
  type LaunchObserver,
} from '../../../protocol/stdio/stdio-launcher.ts';
import type {
  Measurement,
  OpenResult,
  RequestOptions,
  ProbeClient,
  RequestFailure,
  RequestResult,
} from '../../../protocol/probe-client.ts';
import { type ChildWatch, watchChildren } from './child-facts.ts';
import {
  type StdioProbeClientEvent,
  type StdioProbeClientState,
  probeClientEffects,
} from './stdio-probe-client-state.ts';

/** A handshake goes on in the background after a check gave up on it, up to this many start limits. */
const START_LIMITS_MAX = 3;

export interface StdioProbeClientOptions {
  /** The configured name. */
  readonly server: string;
  readonly era: 'auto' | Era;
  /** What one `open` waits for a child's first answers. */
  readonly startTimeoutMs: () => number;
  readonly client: ClientName;
  /** What must not be printed: masked in everything that the child wrote. */
  readonly secrets: readonly Secret[];
  readonly clock: Clock;
  /** Shared by all probe clients. */
  readonly clients: StdioClients;
  readonly onChild: (fact: ChildExited | ChildStarted) => void;
  /** Between two starts of a child that fails. */
  readonly restartDelayMsMax?: () => number;
  /** Default: {@link DISCOVER_LIMIT_MS}. */
  readonly discoverLimitMs?: number;
}

/**
 * Keeps one child of a server. Era, identity and the way to restart it are remembered across children.
 *
 * `open` starts a child, or waits for one that is starting. A child that ends by itself is started again by the next
 * `open`, after a back-off; until then, `open` fails with the last failure.
 */
export interface StdioProbeClient extends ProbeClient {
  /** Of the running child; its CPU time includes the children before it. */
  processUsage(): ProcessUsage | undefined;
  /** Until the next child may be started; 0: now, or one runs. */
  restartDelayMs(): number;
  /** For a client of the SDK on the kept child; undefined unless the probe client is open. */
  clientTransport(): ChildTransport | undefined;
}

export function createStdioProbeClient(
  target: StdioTarget,
  options: StdioProbeClientOptions,
): StdioProbeClient {
  return new StdioProbeClientDriver(target, options);
}

/** A start goes on after the check that began it has given up. */
interface Starting {
  readonly done: Promise<OpenResult>;
  /** Of the whole start; each check takes what was added since the last one. */
  readonly measurement: Measurement;
  abandon(): void;
}

class StdioProbeClientDriver implements StdioProbeClient {
  readonly #options: StdioProbeClientOptions;
  readonly #state: StdioProbeClientState = { isStarting: false, unanswered: 0 };
  readonly #children: ChildWatch;
  readonly #client: StdioClient;
  readonly #launcher: Launcher;
  #starting: Starting | undefined;

  constructor(target: StdioTarget, options: StdioProbeClientOptions) {
    const { clients, clock, client: clientName, era, secrets, restartDelayMsMax } = options;
    const mask = (text: string): string => maskText(text, secrets);
    this.#options = options;
    this.#children = watchChildren(options.server, clients.table, options.onChild);
    this.#client = clients.clientOf({
      target,
      limits: CHANNEL_LIMITS,
      observer: this.#children,
      mask,
      ...(restartDelayMsMax !== undefined && { restartDelayMsMax }),
    });
    this.#launcher = createLauncher({
      client: this.#client,
      era,
      clientName,
      clock,
      discoverLimitMs: options.discoverLimitMs ?? DISCOVER_LIMIT_MS,
      mask,
      onFirstMessage: (child, startMs) => this.#children.onFirstMessage(child, startMs),
      onLost: (channel) => this.#handle({ kind: 'child_ended', channel }),
    });
  }

  state(): 'open' | 'closed' {
    return this.#state.opened ? 'open' : 'closed';
  }

  async open({ signal, measurement }: RequestOptions): Promise<OpenResult> {
    const { clock, startTimeoutMs } = this.#options;
    this.#handle({ kind: 'open', delayMs: this.#client.delayMs() });
    const { opened } = this.#state;
    if (opened) return { ok: true, identity: opened.greeting.identity };
    const starting = this.#starting;
    if (!starting) return { ok: false, failure: waitingFailure(this.#client) };
    const startedAtMs = clock.monotonicMs();
    const deadline = startDeadline(clock, startTimeoutMs(), signal);
    const result = await resultUnlessAborted(starting.done, deadline.signal);
    deadline.end();
    moveMeasurement(starting.measurement, measurement);
    if (result) return result;
    const waitedMs = clock.monotonicMs() - startedAtMs;
    const { limitMs } = timeoutFacts('answer', deadline.signal, waitedMs);
    return { ok: false, failure: stillStarting(limitMs) };
  }

  async request(
    method: string,
    params: JsonObject | undefined,
    { signal, measurement }: RequestOptions,
  ): Promise<RequestResult> {
    const { client, clock } = this.#options;
    const { opened } = this.#state;
    if (!opened) return { ok: false, failure: this.#client.lastFailure() };
    const { channel, greeting } = opened;
    const startedAtMs = clock.monotonicMs();
    const before = { ...channel.child.bytes };
    const sent = greeting.identity.era === 'modern' ? withModernMeta(params, client) : params;
    const result = readReply(method, await channel.request(method, sent, signal));
    const answeredAtMs = clock.monotonicMs();
    if (result.ok) measurement.roundTrip = { writtenAtMs: startedAtMs, answeredAtMs };
    measurement.bytesSent += channel.child.bytes.sent - before.sent;
    measurement.bytesReceived += channel.child.bytes.received - before.received;
    addStep(measurement, {
      name: method,
      durationMs: answeredAtMs - startedAtMs,
      ok: result.ok,
      detail: describe(result, channel.takeOddities()),
    });
    this.#handle({ kind: 'replied', channel, result });
    return result;
  }

  abandon(): void {
    this.#handle({ kind: 'closed' });
    // The next start waits for its end.
    void this.#client.closeAll();
  }

  async close(): Promise<void> {
    this.#starting?.abandon();
    await this.#starting?.done;
    this.#handle({ kind: 'closed' });
    await this.#client.closeAll();
  }

  processUsage(): ProcessUsage | undefined {
    return this.#children.usageOf(this.#client.running());
  }

  restartDelayMs(): number {
    return this.#state.opened || this.#state.isStarting ? 0 : this.#client.delayMs();
  }

  clientTransport(): ChildTransport | undefined {
    const { opened } = this.#state;
    return opened && new ChildTransport(opened.channel, opened.greeting);
  }

  #handle(event: StdioProbeClientEvent): void {
    const effect = probeClientEffects(this.#state, event);
    if (effect?.kind === 'start') this.#beginStart();
    if (effect?.kind === 'discard') this.#client.discard(effect.channel.child, effect.failure);
  }

  #beginStart(): void {
    const { clock, startTimeoutMs } = this.#options;
    const measurement = createMeasurement();
    const abandoned = new AbortController();
    const life = startDeadline(clock, START_LIMITS_MAX * startTimeoutMs(), abandoned.signal);
    const done = this.#start(measureInto(measurement), life).finally(() => {
      life.end();
      this.#starting = undefined;
    });
    this.#starting = { done, measurement, abandon: () => abandoned.abort() };
  }

  async #start(observer: LaunchObserver, life: Deadline): Promise<OpenResult> {
    // An earlier child may hold a lock or a port until all of its processes are gone.
    await this.#client.closeAll();
    const launch = await this.#launcher.launch(observer, life);
    const end = launch.ok ? launch.channel.child.end() : undefined;
    this.#handle({ kind: 'started', opened: launch.ok && !end ? launch : undefined });
    if (end) return failed(exitFacts(end));
    return launch.ok ? { ok: true, identity: launch.greeting.identity } : failed(launch.facts);
  }
}

function measureInto(measurement: Measurement): LaunchObserver {
  const { phasesMs } = measurement;
  return {
    onStep: (step) => addStep(measurement, step),
    onPhase(phase, durationMs) {
      phasesMs[phase] = (phasesMs[phase] ?? 0) + durationMs;
    },
    onBytes({ sent, received }) {
      measurement.bytesSent += sent;
      measurement.bytesReceived += received;
    },
  };
}

function readReply(method: string, reply: ChildReply): RequestResult {
  if (reply.ok && isJsonObject(reply.result)) return { ok: true, result: reply.result };
  // It has nothing to say but that the server is there: servers send null or "pong".
  if (reply.ok && method === 'ping') return { ok: true, result: {} };
  if (reply.ok) return failed({ kind: 'unusable', method, reason: 'its result is not an object' });
  const { facts } = reply;
  // Some servers do not implement ping, or have no tools; the error still shows that they are alive.
  const isAlive =
    method !== 'server/discover' && facts.kind === 'rpc' && facts.error.code === METHOD_NOT_FOUND;
  return isAlive ? { ok: true, result: {} } : failed(facts);
}

function failed(facts: FailureFacts): { readonly ok: false; readonly failure: RequestFailure } {
  return { ok: false, failure: classifyFailure(facts) };
}

function describe(result: RequestResult, oddities: string): string {
  const said = result.ok ? 'answered' : result.failure.detail;
  return oddities === '' ? said : `${said} (${oddities})`;
}

function withModernMeta(params: JsonObject | undefined, client: ClientName): JsonObject {
  const meta = params?.['_meta'];
  return { ...params, _meta: { ...modernMeta(client), ...(isJsonObject(meta) && meta) } };
}

function waitingFailure(client: StdioClient): RequestFailure {
  const last = client.lastFailure();
  const delay = formatLimit(client.delayMs());
  return { ...last, detail: `${last.detail} It is not started again for another ${delay}.` };
}

function stillStarting(waitedMs: number): RequestFailure {
  const detail = `The process runs but did not answer within ${formatLimit(waitedMs)}: still starting?`;
  return { outcome: 'timeout', detail };
}

/** Moves what was measured since the last call. */
function moveMeasurement(from: Measurement, to: Measurement): void {
  for (const step of from.steps.splice(0)) addStep(to, step);
  Object.assign(to.phasesMs, from.phasesMs);
  to.bytesSent += from.bytesSent;
  to.bytesReceived += from.bytesReceived;
  from.bytesSent = 0;
  from.bytesReceived = 0;
}
