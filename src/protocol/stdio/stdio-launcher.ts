import type { CheckStep } from '../../facts/check-report.ts';
import type { Deadline } from '../../facts/deadline.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { Era } from '../../facts/server.ts';
import { classifyFailure, type FailureFacts } from '../classify-failure.ts';
import { createEraMemory, type EraMemory } from '../era-memory.ts';
import type { ClientName } from '../handshake.ts';
import { timeoutFacts } from '../timeout-facts.ts';
import { type ChildChannel, createChildChannel } from './child-channel.ts';
import { type ChildEnd, exitFacts } from './child-end.ts';
import type { Child } from './child-process.ts';
import type { StdioClient, StdioStart } from './stdio-client.ts';
import { type Greeting, type HandshakeResult, shakeHands } from './stdio-handshake.ts';

export interface LauncherOptions {
  readonly client: StdioClient;
  readonly era: 'auto' | Era;
  /** How we introduce ourselves. */
  readonly clientName: ClientName;
  readonly clock: Clock;
  readonly discoverLimitMs: number;
  readonly mask: (text: string) => string;
  /** Called with the time from the start of a child to its first message. */
  readonly onFirstMessage: (child: Child, startMs: number) => void;
  /** A child is of no more use: it ended after its handshake, or the server turned out to be modern. */
  readonly onLost: (channel: ChildChannel) => void;
}

/** For measuring a launch. */
export interface LaunchObserver {
  onStep(step: CheckStep): void;
  onPhase(phase: 'spawn' | 'handshake', durationMs: number): void;
  onBytes(bytes: Child['bytes']): void;
}

export type Launch =
  | { readonly ok: true; readonly channel: ChildChannel; readonly greeting: Greeting }
  | { readonly ok: false; readonly facts: FailureFacts };

/** Starts children and detects their era, which is remembered for the next one. */
export interface Launcher {
  /** Never rejects. A launch that fails leaves no child behind. Running out of time counts as a failure, an abort does not. */
  launch(observer: LaunchObserver, life: Deadline): Promise<Launch>;
}

type Plan = 'detect' | Era;

type LaunchAttempt =
  | Launch
  | { readonly ok: false; readonly facts: FailureFacts; readonly endOnDiscover: ChildEnd }
  | { readonly ok: false; readonly facts: FailureFacts; readonly turnedLegacy: ChildChannel };

/** Seen only if there is no time for the second start. */
const NOT_LEGACY: FailureFacts = {
  kind: 'unusable',
  method: 'initialize',
  reason: 'the server is a modern one',
};

export function createLauncher(options: LauncherOptions): Launcher {
  return new ChildLauncher(options);
}

class ChildLauncher implements Launcher {
  readonly #options: LauncherOptions;
  readonly #eras: EraMemory;
  #version: string | undefined;

  constructor(options: LauncherOptions) {
    this.#options = options;
    this.#eras = createEraMemory(options.era, options.clock);
  }

  async launch(observer: LaunchObserver, life: Deadline): Promise<Launch> {
    const known = this.#eras.era();
    const isAssumed = known === 'legacy' && this.#eras.isAssumed();
    const first = await this.#attempt(known ?? 'detect', observer, life);
    const followed = await this.#follow(first, observer, life);
    const launch = isAssumed ? withAssumedEra(followed) : followed;
    this.#rememberEra(launch);
    return launch;
  }

  /** Starts another child where the first one only showed the era. */
  async #follow(first: LaunchAttempt, observer: LaunchObserver, life: Deadline): Promise<Launch> {
    if ('turnedLegacy' in first) {
      await first.turnedLegacy.child.close();
      return this.#attempt('modern', observer, life);
    }
    if (!('endOnDiscover' in first)) return first;
    // Any server may end once; one that ends again is taken for one that does so on `server/discover`.
    const second = await this.#attempt('detect', observer, life);
    if (!('endOnDiscover' in second)) {
      this.#options.client.noteEnd(first.endOnDiscover);
      return this.#follow(second, observer, life);
    }
    const third = await this.#attempt('legacy', observer, life);
    // If it starts as a legacy server, it is not a server that crashes.
    for (const { endOnDiscover } of [first, second])
      this.#options.client.noteEnd(endOnDiscover, third.ok ? 'stopped' : undefined);
    return third;
  }

  async #attempt(plan: Plan, observer: LaunchObserver, life: Deadline): Promise<LaunchAttempt> {
    const { client, clock, mask, onFirstMessage, onLost } = this.#options;
    if (life.signal.aborted) return { ok: false, facts: timeoutFacts('answer', life.signal, 0) };
    const startedAtMs = clock.monotonicMs();
    const start = await client.start();
    noteSpawn(observer, clock.monotonicMs() - startedAtMs, start);
    if (!start.ok) return start;
    const { child } = start;
    // Only after the handshake is it known whether the server crashed or `server/discover` ended it.
    let isGreeting = true;
    const channel = createChildChannel(child, {
      clock,
      mask,
      onFirstMessage: (startMs) => onFirstMessage(child, startMs),
      onEnd(end) {
        if (isGreeting) return;
        client.noteEnd(end);
        onLost(channel);
      },
    });
    const result = await this.#greet(channel, plan, observer, life);
    isGreeting = false;
    return this.#conclude(channel, result, life);
  }

  async #greet(
    channel: ChildChannel,
    plan: Plan,
    observer: LaunchObserver,
    life: Deadline,
  ): Promise<HandshakeResult> {
    const { clientName, clock, discoverLimitMs, onLost } = this.#options;
    const startedAtMs = clock.monotonicMs();
    const result = await shakeHands({
      channel,
      plan,
      client: clientName,
      clock,
      discoverLimitMs,
      onStep: (step) => observer.onStep(step),
      onLateModern: () => {
        this.#eras.learn('modern');
        onLost(channel);
      },
      signal: life.signal,
    });
    observer.onPhase('handshake', clock.monotonicMs() - startedAtMs);
    observer.onBytes(channel.child.bytes);
    return result;
  }

  #conclude(channel: ChildChannel, result: HandshakeResult, life: Deadline): LaunchAttempt {
    const { client } = this.#options;
    const { child } = channel;
    const end = child.end();
    if (end && result.kind === 'ended_on_discover') {
      return { ok: false, facts: result.facts, endOnDiscover: end };
    }
    if (end) {
      client.noteEnd(end);
      return { ok: false, facts: exitFacts(end) };
    }
    switch (result.kind) {
      case 'greeted':
        return { ok: true, channel, greeting: result.greeting };
      case 'turned_legacy':
        return { ok: false, facts: NOT_LEGACY, turnedLegacy: channel };
      case 'ended_on_discover':
      case 'failed':
        if (life.signal.aborted && !life.hasPassed()) void child.close();
        else client.discard(child, classifyFailure(result.facts));
        return { ok: false, facts: result.facts };
    }
  }

  #rememberEra(launch: Launch): void {
    const eras = this.#eras;
    if (!launch.ok) {
      if (!isInKeeping(eras.era(), launch.facts)) eras.forget();
      return;
    }
    const { era, isEraAssumed, version } = launch.greeting.identity;
    // Another version may be of another era, so the next launch detects it again.
    if (this.#version !== undefined && this.#version !== version) eras.forget();
    else eras.learn(era, isEraAssumed);
    this.#version = version;
  }
}

function withAssumedEra(launch: Launch): Launch {
  if (!launch.ok) return launch;
  const { greeting } = launch;
  const identity = { ...greeting.identity, isEraAssumed: true as const };
  return { ...launch, greeting: { ...greeting, identity } };
}

/** Whether the failure leaves the known era plausible. */
function isInKeeping(era: Era | undefined, { kind }: FailureFacts): boolean {
  return kind === 'spawn' || (era === 'legacy' && (kind === 'exit' || kind === 'timeout'));
}

function noteSpawn(observer: LaunchObserver, durationMs: number, start: StdioStart): void {
  observer.onPhase('spawn', durationMs);
  const detail = start.ok ? `process ${start.child.pid}` : classifyFailure(start.facts).detail;
  observer.onStep({ name: 'spawn', durationMs, ok: start.ok, detail });
}
