import {
  classifyFailure,
  type FailureFacts,
  formatLimit,
} from '../../../protocol/classify-failure.ts';
import type { ChildExited, ChildStarted } from '../../../facts/child-facts.ts';
import { METHOD_NOT_FOUND } from '../../../protocol/json-rpc.ts';
import { isJsonObject, type JsonObject } from '../../../facts/json-object.ts';
import { type ClientName, modernMeta } from '../../../protocol/handshake.ts';
import { redact, type Secret } from '../../../facts/secret.ts';
import type { Era, StdioTarget } from '../../../facts/server.ts';
import type { Clock } from '../../../facts/ports/clock.ts';
import type { ProcessUsage } from '../../../facts/ports/process-usage.ts';
import type { ChildReply } from '../../../protocol/stdio/child-channel.ts';
import { createChildLedger } from '../../../protocol/stdio/child-ledger.ts';
import {
  type ChildTransport,
  createChildTransport,
} from '../../../protocol/stdio/child-transport.ts';
import { type Deadline, resultUnlessAborted, startDeadline } from '../../../facts/deadline.ts';
import { addStep, createMeasurement } from '../../../protocol/measurement.ts';
import type { ProcessTable } from '../../../protocol/stdio/process-usage.ts';
import { DISCOVER_LIMIT_MS } from '../../../protocol/stdio/stdio-handshake.ts';
import { createLauncher, type Launch } from '../../../protocol/stdio/stdio-launcher.ts';
import type {
  Measurement,
  OpenResult,
  Wire,
  WireFailure,
  WireResult,
} from '../../../protocol/wire.ts';

/** A handshake goes on in the background after a check gave up on it: slow is not dead, but this is. */
const START_LIMITS_MAX = 3;
/** A child that leaves so many requests in a row unanswered is replaced by the next `open`. */
const UNANSWERED_MAX = 3;

export interface StdioWireOptions {
  /** The configured name. */
  readonly server: string;
  readonly era: 'auto' | Era;
  /** What one `open` waits for a child's first answers. */
  readonly startTimeoutMs: number;
  readonly clientName: string;
  readonly clientVersion: string;
  /** What must not be printed: masked in everything that the child wrote. */
  readonly secrets: readonly Secret[];
  readonly clock: Clock;
  /** Shared by all wires. */
  readonly processTable: ProcessTable;
  readonly onChild: (fact: ChildExited | ChildStarted) => void;
  /** Default: {@link DISCOVER_LIMIT_MS}. */
  readonly discoverLimitMs?: number;
}

/**
 * Keeps one child of a server. Era, identity and the way to restart it are remembered across children.
 *
 * `open` starts a child, or waits on for one that is starting. A child that ends by itself is started again by the next
 * `open`, after a back-off; in between `open` fails with what was wrong last.
 */
export interface StdioWire extends Wire {
  /** Of the running child; its CPU time includes the children before it. */
  processUsage(): ProcessUsage | undefined;
  /** For a client of the SDK on the kept child; nothing unless the wire is open. */
  clientTransport(): ChildTransport | undefined;
  /** Kills every process at once and synchronously: for the `exit` event of our own process. */
  killGroup(): void;
}

type Opened = Extract<Launch, { readonly ok: true }>;

/** A start goes on when the check that began it has given up. */
interface Starting {
  readonly done: Promise<OpenResult>;
  /** Of the start as a whole; each check takes what is new. */
  readonly measurement: Measurement;
  abandon(): void;
}

export function createStdioWire(target: StdioTarget, options: StdioWireOptions): StdioWire {
  const { clock, server, startTimeoutMs, processTable: table } = options;
  const client = { name: options.clientName, version: options.clientVersion };
  const ledger = createChildLedger({ server, clock, table, onChild: options.onChild });
  const launcher = createLauncher({
    target,
    era: options.era,
    client,
    clock,
    table,
    discoverLimitMs: options.discoverLimitMs ?? DISCOVER_LIMIT_MS,
    ledger,
    mask: (text) => redact(text, options.secrets),
    onLost(channel) {
      if (opened?.channel === channel) opened = undefined;
    },
  });
  let opened: Opened | undefined;
  let starting: Starting | undefined;
  let unansweredCount = 0;

  function beginStart(): Starting {
    const measurement = createMeasurement();
    const abandoned = new AbortController();
    const life = startDeadline(clock, START_LIMITS_MAX * startTimeoutMs, abandoned.signal);
    const done = start(measurement, life).finally(() => {
      life.end();
      starting = undefined;
    });
    return { done, measurement, abandon: () => abandoned.abort() };
  }

  async function start(measurement: Measurement, life: Deadline): Promise<OpenResult> {
    // What an earlier child holds, such as a lock, is free only when all of it is gone.
    await ledger.closeAll();
    const launch = await launcher.launch(measurement, life);
    if (!launch.ok) return failed(launch.facts);
    opened = launch;
    unansweredCount = 0;
    return { ok: true, identity: launch.greeting.identity };
  }

  /** A child that hangs is no use to anybody: nobody but us talks to it. */
  function countUnanswered({ channel }: Opened, result: WireResult): void {
    if (result.ok || result.failure.outcome !== 'timeout') {
      unansweredCount = 0;
      return;
    }
    unansweredCount += 1;
    if (unansweredCount < UNANSWERED_MAX) return;
    opened = undefined;
    ledger.discard(channel, result.failure);
  }

  return {
    state: () => (opened ? 'open' : 'closed'),
    async open({ signal, measurement }) {
      if (opened) return { ok: true, identity: opened.greeting.identity };
      const delayMs = starting ? 0 : ledger.delayMs();
      if (delayMs > 0) return { ok: false, failure: waitingFailure(ledger.lastFailure(), delayMs) };
      const run = (starting ??= beginStart());
      const startedAtMs = clock.monotonicMs();
      const deadline = startDeadline(clock, startTimeoutMs, signal);
      const result = await resultUnlessAborted(run.done, deadline.signal);
      deadline.end();
      moveMeasurement(run.measurement, measurement);
      return result ?? { ok: false, failure: stillStarting(clock.monotonicMs() - startedAtMs) };
    },
    async request(method, params, { signal, measurement }) {
      const current = opened;
      if (!current) return { ok: false, failure: ledger.lastFailure() };
      const { channel, greeting } = current;
      const startedAtMs = clock.monotonicMs();
      const before = { ...channel.bytes };
      const sent = greeting.identity.era === 'modern' ? withModernMeta(params, client) : params;
      const result = readReply(method, await channel.request(method, sent, signal));
      measurement.bytesSent += channel.bytes.sent - before.sent;
      measurement.bytesReceived += channel.bytes.received - before.received;
      addStep(measurement, {
        name: method,
        durationMs: clock.monotonicMs() - startedAtMs,
        ok: result.ok,
        detail: describe(result, channel.takeOddities()),
      });
      countUnanswered(current, result);
      return result;
    },
    async close() {
      starting?.abandon();
      await starting?.done;
      opened = undefined;
      await ledger.closeAll();
    },
    processUsage: () => ledger.usage(),
    clientTransport: () => opened && createChildTransport(opened.channel, opened.greeting),
    killGroup: () => ledger.killAll(),
  };
}

function readReply(method: string, reply: ChildReply): WireResult {
  if (reply.ok && isJsonObject(reply.result)) return { ok: true, result: reply.result };
  if (reply.ok) return failed({ kind: 'unusable', method, reason: 'its result is not an object' });
  const { facts } = reply;
  // Some servers never implemented ping; saying so takes a living one.
  const isAlive =
    method === 'ping' && facts.kind === 'rpc' && facts.error.code === METHOD_NOT_FOUND;
  return isAlive ? { ok: true, result: {} } : failed(facts);
}

function failed(facts: FailureFacts): { readonly ok: false; readonly failure: WireFailure } {
  return { ok: false, failure: classifyFailure(facts) };
}

function describe(result: WireResult, oddities: string): string {
  const said = result.ok ? 'answered' : result.failure.detail;
  return oddities === '' ? said : `${said} (${oddities})`;
}

function withModernMeta(params: JsonObject | undefined, client: ClientName): JsonObject {
  const meta = params?.['_meta'];
  return { ...params, _meta: { ...modernMeta(client), ...(isJsonObject(meta) && meta) } };
}

function waitingFailure(last: WireFailure, delayMs: number): WireFailure {
  return {
    ...last,
    detail: `${last.detail} It is not started again for another ${formatLimit(delayMs)}.`,
  };
}

function stillStarting(waitedMs: number): WireFailure {
  const detail = `The process runs but did not answer within ${formatLimit(waitedMs)}: still starting?`;
  return { outcome: 'timeout', detail };
}

/** Hands on what was measured since the last time. */
function moveMeasurement(from: Measurement, to: Measurement): void {
  for (const step of from.steps.splice(0)) addStep(to, step);
  Object.assign(to.phasesMs, from.phasesMs);
  to.bytesSent += from.bytesSent;
  to.bytesReceived += from.bytesReceived;
  from.bytesSent = 0;
  from.bytesReceived = 0;
}
