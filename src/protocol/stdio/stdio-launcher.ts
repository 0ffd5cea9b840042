import { classifyFailure, type FailureFacts } from '../classify-failure.ts';
import type { ClientName } from '../handshake.ts';
import type { Era, StdioTarget } from '../../facts/server.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import {
  type ChannelStart,
  type ChildChannel,
  type ChildEnd,
  exitFacts,
  startChannel,
} from './child-channel.ts';
import type { ChildLedger } from './child-ledger.ts';
import type { Deadline } from '../../facts/deadline.ts';
import { timeoutFacts } from '../timeout-facts.ts';
import { createEraMemory } from '../era-memory.ts';
import { addStep } from '../measurement.ts';
import type { ProcessTable } from './process-usage.ts';
import { type Greeting, shakeHands } from './stdio-handshake.ts';
import type { Measurement } from '../wire.ts';

export interface LauncherOptions {
  readonly target: StdioTarget;
  readonly era: 'auto' | Era;
  readonly client: ClientName;
  readonly clock: Clock;
  readonly table: ProcessTable;
  readonly discoverLimitMs: number;
  readonly ledger: ChildLedger;
  mask(text: string): string;
  /** A child ended after its handshake. */
  onLost(channel: ChildChannel): void;
}

export type Launch =
  | { readonly ok: true; readonly channel: ChildChannel; readonly greeting: Greeting }
  | { readonly ok: false; readonly facts: FailureFacts };

/** Starts children and finds out how they speak; remembers it for the next one. */
export interface Launcher {
  /** Never rejects. Leaves no child behind where it fails; running out of time is a failure, an abort is none. */
  launch(measurement: Measurement, life: Deadline): Promise<Launch>;
}

type Attempt =
  | Launch
  | { readonly ok: false; readonly facts: FailureFacts; readonly endOnDiscover: ChildEnd }
  | { readonly ok: false; readonly facts: FailureFacts; readonly turnedLegacy: ChildChannel };

/** Told only where the second start is cut off. */
const NOT_LEGACY: FailureFacts = {
  kind: 'unusable',
  method: 'initialize',
  reason: 'the server is a modern one',
};

export function createLauncher(options: LauncherOptions): Launcher {
  const { clock, ledger } = options;
  const memory = createEraMemory(options.era, clock);
  let version: string | undefined;

  function rememberEra(launch: Launch): void {
    if (!launch.ok) {
      if (!isInKeeping(memory.era(), launch.facts)) memory.forget();
      return;
    }
    const { identity } = launch.greeting;
    // Another version may be of another era: the next child is asked again.
    if (version !== undefined && version !== identity.version) memory.forget();
    else memory.learn(identity.era);
    ({ version } = identity);
  }

  async function attempt(
    plan: 'detect' | Era,
    measurement: Measurement,
    life: Deadline,
  ): Promise<Attempt> {
    if (life.signal.aborted) return { ok: false, facts: timeoutFacts('answer', 0) };
    const startedAtMs = clock.monotonicMs();
    // Whether an end is the server's doing or our question's is known only after the handshake.
    let isGreeting = true;
    const start = await startChannel({
      target: options.target,
      table: options.table,
      clock,
      mask: options.mask,
      onFirstMessage: (pid, startMs) => ledger.noteFirstMessage(pid, startMs),
      onEnd(channel, end) {
        if (isGreeting) return;
        ledger.noteEnd(end);
        options.onLost(channel);
      },
    });
    noteSpawn(measurement, clock.monotonicMs() - startedAtMs, start);
    if (!start.ok) {
      ledger.noteSpawnFailure(start.facts);
      return start;
    }
    ledger.track(start.channel);
    const result = await greet(start.channel, plan, measurement, life);
    isGreeting = false;
    return result;
  }

  async function greet(
    channel: ChildChannel,
    plan: 'detect' | Era,
    measurement: Measurement,
    life: Deadline,
  ): Promise<Attempt> {
    const { client, discoverLimitMs } = options;
    const spawnedAtMs = clock.monotonicMs();
    const result = await shakeHands({
      channel,
      plan,
      client,
      clock,
      discoverLimitMs,
      measurement,
      signal: life.signal,
    });
    addPhase(measurement, 'handshake', clock.monotonicMs() - spawnedAtMs);
    measurement.bytesSent += channel.bytes.sent;
    measurement.bytesReceived += channel.bytes.received;
    const end = channel.end();
    if (end && result.kind === 'ended_on_discover') {
      return { ok: false, facts: result.facts, endOnDiscover: end };
    }
    if (end) {
      ledger.noteEnd(end);
      return { ok: false, facts: exitFacts(end) };
    }
    if (result.kind === 'greeted') return { ok: true, channel, greeting: result.greeting };
    if (result.kind === 'turned_legacy')
      return { ok: false, facts: NOT_LEGACY, turnedLegacy: channel };
    if (life.signal.aborted && !life.hasPassed()) void channel.close();
    else ledger.discard(channel, classifyFailure(result.facts));
    return { ok: false, facts: result.facts };
  }

  /** Starts a second child where the first one only told the era. */
  async function follow(first: Attempt, measurement: Measurement, life: Deadline): Promise<Launch> {
    if ('turnedLegacy' in first) {
      await first.turnedLegacy.close();
      return attempt('modern', measurement, life);
    }
    if (!('endOnDiscover' in first)) return first;
    const second = await attempt('legacy', measurement, life);
    // A server that cannot bear the question is not one that crashes.
    ledger.noteEnd(first.endOnDiscover, second.ok ? 'stopped' : undefined);
    return second;
  }

  return {
    async launch(measurement, life) {
      const first = await attempt(memory.era() ?? 'detect', measurement, life);
      const launch = await follow(first, measurement, life);
      rememberEra(launch);
      return launch;
    },
  };
}

/** Whether a server of a known era may fail so without having become another one. */
function isInKeeping(era: Era | undefined, { kind }: FailureFacts): boolean {
  return kind === 'spawn' || (era === 'legacy' && (kind === 'exit' || kind === 'timeout'));
}

function noteSpawn(measurement: Measurement, durationMs: number, start: ChannelStart): void {
  addPhase(measurement, 'spawn', durationMs);
  const detail = start.ok ? `process ${start.channel.pid}` : classifyFailure(start.facts).detail;
  addStep(measurement, { name: 'spawn', durationMs, ok: start.ok, detail });
}

function addPhase(
  measurement: Measurement,
  phase: 'spawn' | 'handshake',
  durationMs: number,
): void {
  measurement.phasesMs[phase] = (measurement.phasesMs[phase] ?? 0) + durationMs;
}
