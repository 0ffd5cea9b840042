import type { ExitReason } from '../../facts/child-facts.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { StdioTarget } from '../../facts/server.ts';
import { classifyFailure, type FailureFacts } from '../classify-failure.ts';
import type { RequestFailure } from '../probe-client.ts';
import { NO_RESTARTS, type RestartHistory, rememberEnd, restartDelayMs } from './child-backoff.ts';
import { type ChildEnd, exitFacts, exitReasonOf } from './child-end.ts';
import { type Child, type ChildLimits, startChild } from './child-process.ts';
import { createProcessTable, type ProcessTable } from './process-usage.ts';

/** Clients that share one set of children: one per part of the service that talks over stdio. */
export interface StdioClients {
  /** For measuring what the children use. */
  readonly table: ProcessTable;
  clientOf(options: StdioClientOptions): StdioClient;
  /** Kills all children at once and synchronously: for the `exit` event of our own process. */
  killAll(): void;
}

export interface StdioClientOptions {
  readonly target: StdioTarget;
  readonly limits: ChildLimits;
  readonly observer?: ChildObserver;
  /** Applied to everything that a child wrote and a person may read. */
  readonly mask: (text: string) => string;
  /** A shorter limit of the back-off than one minute. */
  readonly restartDelayMsMax?: () => number;
}

/** Observers for measuring and reporting. */
export interface ChildObserver {
  onStartFailed(restartInMs: number): void;
  /** `restartInMs` is undefined if we ended it. */
  onEnd(end: ChildEnd, reason: ExitReason, restartInMs: number | undefined): void;
  /** The last moment to see what a running child used. */
  onClosing(child: Child): void;
}

export type StdioStart =
  | { readonly ok: true; readonly child: Child }
  | { readonly ok: false; readonly facts: Extract<FailureFacts, { readonly kind: 'spawn' }> };

/**
 * The children of one server: starts and ends them, and knows why the last one failed and when the next may start.
 * Checks, the gateway and the command `stdio` all get their children from this; which messages they send is up to them.
 */
export interface StdioClient {
  /** Starts a child, also during the back-off. Never rejects. */
  start(): Promise<StdioStart>;
  /** Until the next child may be started; 0: now. */
  delayMs(): number;
  /**
   * Must be called for every child that ended, unless its end says nothing about the next start.
   * @param reason replaces what the end looks like
   */
  noteEnd(end: ChildEnd, reason?: ExitReason): void;
  /** Ends a child that does not work. Counts as a failed start. */
  discard(child: Child, failure: RequestFailure): void;
  /** Why the last child that failed did so. */
  lastFailure(): RequestFailure;
  /** The child started last, unless it ended. */
  running(): Child | undefined;
  /** Resolves when all of them are gone. Ends caused by it are not failures. */
  closeAll(): Promise<void>;
}

export function createStdioClients(clock: Clock): StdioClients {
  const table = createProcessTable(clock);
  const children = new Set<Child>();
  return {
    table,
    clientOf: (options) => new ChildrenOfOneServer(options, { clock, table, all: children }),
    killAll() {
      for (const child of children) child.killGroup();
    },
  };
}

interface Shared {
  readonly clock: Clock;
  readonly table: ProcessTable;
  readonly all: Set<Child>;
}

class ChildrenOfOneServer implements StdioClient {
  readonly #options: StdioClientOptions;
  readonly #shared: Shared;
  readonly #children = new Set<Child>();
  #history: RestartHistory = NO_RESTARTS;
  #lastFailure: RequestFailure = { outcome: 'exit', detail: 'The process was ended.' };

  constructor(options: StdioClientOptions, shared: Shared) {
    this.#options = options;
    this.#shared = shared;
  }

  async start(): Promise<StdioStart> {
    const { target, limits, mask, observer } = this.#options;
    const { clock, table, all } = this.#shared;
    const start = await startChild({ target, table, clock, limits, mask });
    if (!start.ok) {
      const facts = { kind: 'spawn', command: target.command, code: mask(start.code) } as const;
      this.#blame(classifyFailure(facts), 0);
      observer?.onStartFailed(this.delayMs());
      return { ok: false, facts };
    }
    const { child } = start;
    for (const set of [this.#children, all]) {
      set.add(child);
      void child.gone.then(() => set.delete(child));
    }
    return { ok: true, child };
  }

  delayMs(): number {
    const nowMs = this.#shared.clock.monotonicMs();
    return restartDelayMs(this.#history, nowMs, this.#options.restartDelayMsMax?.());
  }

  noteEnd(end: ChildEnd, reason = exitReasonOf(end)): void {
    const isFailure = !end.wasStopped && reason !== 'stopped';
    if (isFailure) this.#blame(classifyFailure(exitFacts(end)), end.livedMs);
    this.#options.observer?.onEnd(end, reason, isFailure ? this.delayMs() : undefined);
  }

  discard(child: Child, failure: RequestFailure): void {
    if (child.end()) return;
    this.#blame(failure, 0);
    void this.#close(child);
  }

  lastFailure(): RequestFailure {
    return this.#lastFailure;
  }

  running(): Child | undefined {
    return [...this.#children].findLast((child) => !child.end());
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#children].map((child) => this.#close(child)));
  }

  #close(child: Child): Promise<void> {
    if (!child.end()) this.#options.observer?.onClosing(child);
    return child.close();
  }

  #blame(failure: RequestFailure, livedMs: number): void {
    this.#lastFailure = failure;
    const atMs = this.#shared.clock.monotonicMs();
    this.#history = rememberEnd(this.#history, { livedMs, atMs });
  }
}
