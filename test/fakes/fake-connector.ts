import type { CheckReport } from '../../src/facts/check-report.ts';
import type { ChildExited, ChildStarted } from '../../src/facts/child-facts.ts';
import type { ServerSpec } from '../../src/facts/server.ts';
import type { Clock } from '../../src/facts/ports/clock.ts';
import type { Connection, Connector } from '../../src/sources/probe/ports.ts';

/** What a server answers; `durationMs` passes on the clock before it does. `'hang'`: nothing until the abort. `'deaf'`: not even then. */
export type Answer = Partial<CheckReport> | 'hang' | 'deaf';
export type Behaviour = (kind: CheckReport['kind'], count: number) => Answer;

export interface FakeConnector extends Connector {
  /** From now on; counts start at zero again. */
  script(server: string, behaviour: Behaviour): void;
  /** Every check that began, with its moment on the monotonic clock. */
  readonly checks: {
    readonly server: string;
    readonly kind: CheckReport['kind'];
    readonly atMs: number;
  }[];
  startsOf(server: string, kind?: CheckReport['kind']): number[];
  openCount(server: string): number;
  closedCount(server: string): number;
  /** Checks of one connection that overlapped: always zero, by contract. */
  overlaps(): number;
  readonly peakRunning: () => number;
  emitChild(server: string, fact: ChildExited | ChildStarted): void;
}

export interface FakeConnectorOptions {
  readonly clock: Clock;
  /** How long `close` takes; `Infinity` never ends. */
  readonly closeMs?: number;
}

/** A connector whose servers answer by script: at once and well, unless told otherwise. Opened by the first answered check. */
export function createFakeConnector({ clock, closeMs = 0 }: FakeConnectorOptions): FakeConnector {
  const scripts = new Map<
    string,
    { readonly behave: Behaviour; readonly counts: { steady: number; deep: number } }
  >();
  const opened = new Map<string, number>();
  const closed = new Map<string, number>();
  const listeners = new Map<string, (fact: ChildExited | ChildStarted) => void>();
  const checks: FakeConnector['checks'] = [];
  let overlaps = 0;
  let running = 0;
  let peak = 0;

  function answerOf(server: string, kind: CheckReport['kind']): Answer {
    const script = scripts.get(server);
    if (!script) return {};
    script.counts[kind] += 1;
    return script.behave(kind, script.counts[kind] - 1);
  }

  function open(
    server: ServerSpec,
    onChild: (fact: ChildExited | ChildStarted) => void,
  ): Connection {
    opened.set(server.name, (opened.get(server.name) ?? 0) + 1);
    listeners.set(server.name, onChild);
    let isOpen = false;
    let isBusy = false;

    async function run(kind: CheckReport['kind'], signal: AbortSignal): Promise<CheckReport> {
      if (isBusy) overlaps += 1;
      isBusy = true;
      running += 1;
      peak = Math.max(peak, running);
      checks.push({ server: server.name, kind, atMs: clock.monotonicMs() });
      const startedAtMs = clock.nowMs();
      const answer = answerOf(server.name, kind);
      const report = await play(answer, signal, clock);
      isBusy = false;
      running -= 1;
      if (kind === 'steady') isOpen = report.outcome === undefined || report.outcome === 'ok';
      return { ...EMPTY, kind, startedAtMs, durationMs: clock.nowMs() - startedAtMs, ...report };
    }

    return {
      check: ({ signal }) => run('steady', signal),
      inspect: ({ signal }) => run('deep', signal),
      isOpen: () => isOpen,
      processUsage: () =>
        server.target.kind === 'stdio' && isOpen
          ? { pid: 4_242, cpuSeconds: 1, residentBytes: 2 }
          : undefined,
      async close() {
        if (closeMs > 0)
          await new Promise<void>(
            (resolve) => closeMs !== Infinity && clock.after(closeMs, resolve),
          );
        isOpen = false;
        closed.set(server.name, (closed.get(server.name) ?? 0) + 1);
      },
    };
  }

  return {
    open,
    checks,
    script: (server, behave) => scripts.set(server, { behave, counts: { steady: 0, deep: 0 } }),
    startsOf: (server, kind = 'steady') =>
      checks
        .filter((check) => check.server === server && check.kind === kind)
        .map(({ atMs }) => atMs),
    openCount: (server) => opened.get(server) ?? 0,
    closedCount: (server) => closed.get(server) ?? 0,
    overlaps: () => overlaps,
    peakRunning: () => peak,
    emitChild: (server, fact) => listeners.get(server)?.(fact),
  };
}

const EMPTY = {
  outcome: 'ok',
  detail: 'answered',
  phasesMs: {},
  steps: [{ name: 'ping', durationMs: 1, ok: true, detail: 'answered' }],
  bytesSent: 100,
  bytesReceived: 200,
} as const satisfies Partial<CheckReport>;

async function play(
  answer: Answer,
  signal: AbortSignal,
  clock: Clock,
): Promise<Partial<CheckReport>> {
  if (answer === 'deaf') return new Promise(() => undefined);
  if (answer === 'hang') {
    await aborted(signal);
    return { outcome: 'timeout', detail: 'no answer' };
  }
  const { durationMs } = answer;
  if (durationMs !== undefined && durationMs > 0) {
    const { promise: passed, resolve } = Promise.withResolvers<'passed'>();
    const timer = clock.after(durationMs, () => resolve('passed'));
    const isAborted = (await Promise.race([passed, aborted(signal)])) !== 'passed';
    timer.cancel();
    if (isAborted) return { outcome: 'timeout', detail: 'no answer in time' };
  }
  return answer;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
