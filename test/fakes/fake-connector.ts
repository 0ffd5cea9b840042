import type { CheckReport } from '../../src/facts/check-report.ts';
import type { ChildExited, ChildStarted } from '../../src/facts/child-facts.ts';
import type { ServerSpec } from '../../src/facts/server.ts';
import type { Clock } from '../../src/facts/ports/clock.ts';
import type { Connection, Connector } from '../../src/sources/probe/ports.ts';

/** What a server answers, after `durationMs` on the clock. `'hang'`: nothing until the abort. `'deaf'`: not even then. */
export type Answer = Partial<CheckReport> | 'hang' | 'deaf';
type ChildListener = (fact: ChildExited | ChildStarted) => void;
export type Behaviour = (kind: CheckReport['kind'], count: number) => Answer;

export interface FakeConnector extends Connector {
  /** Takes effect at the next check; counts start at zero again. */
  script(server: string, behaviour: Behaviour): void;
  /** Every check that began, with its time on the monotonic clock. */
  readonly checks: {
    readonly server: string;
    readonly kind: CheckReport['kind'];
    readonly atMs: number;
  }[];
  startsOf(server: string, kind?: CheckReport['kind']): number[];
  openCount(server: string): number;
  closedCount(server: string): number;
  /** Checks of one connection that overlapped: the contract forbids any. */
  overlaps(): number;
  readonly peakRunning: () => number;
  emitChild(server: string, fact: ChildExited | ChildStarted): void;
}

export interface FakeConnectorOptions {
  readonly clock: Clock;
  /** How long `close` takes; `Infinity` never ends. */
  readonly closeMs?: number;
}

/** A connector whose servers answer by script, at once and well by default. The first answered check opens a connection. */
export function createFakeConnector({ clock, closeMs = 0 }: FakeConnectorOptions): FakeConnector {
  const scripts = createScripts();
  const opened: string[] = [];
  const closed: string[] = [];
  const listeners = new Map<string, ChildListener>();
  const checks: FakeConnector['checks'] = [];
  let overlaps = 0;
  let running = 0;
  let peak = 0;

  function open({ name, target }: ServerSpec, onChild: ChildListener): Connection {
    opened.push(name);
    listeners.set(name, onChild);
    let isOpen = false;
    let isBusy = false;

    async function run(kind: CheckReport['kind'], signal: AbortSignal): Promise<CheckReport> {
      if (isBusy) overlaps += 1;
      isBusy = true;
      running += 1;
      peak = Math.max(peak, running);
      checks.push({ server: name, kind, atMs: clock.monotonicMs() });
      const startedAtMs = clock.nowMs();
      const report = await play(scripts.answer(name, kind), signal, clock);
      isBusy = false;
      running -= 1;
      if (kind === 'steady') isOpen = report.outcome === undefined || report.outcome === 'ok';
      const durationMs = clock.nowMs() - startedAtMs;
      const isTimed = kind === 'steady' && (report.outcome ?? 'ok') === 'ok';
      const timing = { durationMs, ...(isTimed && { responseMs: durationMs }) };
      return { ...EMPTY, kind, startedAtMs, ...timing, ...report };
    }

    return {
      check: ({ signal }) => run('steady', signal),
      inspect: ({ signal }) => run('deep', signal),
      isOpen: () => isOpen,
      processUsage: () => (target.kind === 'stdio' && isOpen ? PROCESS_USAGE : undefined),
      async close() {
        await wait(closeMs, clock);
        isOpen = false;
        closed.push(name);
      },
    };
  }

  return {
    open,
    checks,
    script: scripts.set,
    startsOf: (server, kind = 'steady') =>
      checks.filter((one) => one.server === server && one.kind === kind).map(({ atMs }) => atMs),
    openCount: (server) => opened.filter((name) => name === server).length,
    closedCount: (server) => closed.filter((name) => name === server).length,
    overlaps: () => overlaps,
    peakRunning: () => peak,
    emitChild: (server, fact) => listeners.get(server)?.(fact),
  };
}

/** The behaviour of each server, and how many checks of a kind it has answered. */
function createScripts() {
  const scripts = new Map<
    string,
    { readonly behave: Behaviour; readonly counts: Record<CheckReport['kind'], number> }
  >();
  return {
    set(server: string, behave: Behaviour): void {
      scripts.set(server, { behave, counts: { steady: 0, deep: 0 } });
    },
    answer(server: string, kind: CheckReport['kind']): Answer {
      const script = scripts.get(server);
      if (!script) return {};
      script.counts[kind] += 1;
      return script.behave(kind, script.counts[kind] - 1);
    },
  };
}

const PROCESS_USAGE = { pid: 4_242, cpuSeconds: 1, residentBytes: 2 };

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

function wait(ms: number, clock: Clock): Promise<void> | undefined {
  if (ms === 0) return undefined;
  return new Promise((resolve) => ms !== Infinity && clock.after(ms, resolve));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
