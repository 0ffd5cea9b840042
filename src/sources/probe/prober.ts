import type { CheckReport } from '../../facts/check-report.ts';
import type { Hub } from '../../facts/hub.ts';
import type { Clock, Random } from '../../facts/ports/clock.ts';
import type { ProcessUsage } from '../../facts/ports/process-usage.ts';
import type { ServerDetail, ServerView } from '../../facts/ports/server-view.ts';
import { reopeningOf } from '../../facts/rules/server-changes.ts';
import type { ServerSpec } from '../../facts/server.ts';
import { type ConnectivityGuard, createConnectivityGuard } from './connectivity-guard.ts';
import { createLane } from './lane.ts';
import { createLatenessGuard, type LatenessGuard } from './lateness-guard.ts';
import type { Connector } from './ports.ts';
import { firstDelayMs } from './schedule.ts';
import { diffServers, type KeptServer } from './server-diff.ts';
import {
  createServerRecord,
  reconfigure,
  type RecordMoment,
  setDisabled,
  type StatusChange,
} from './server-record.ts';
import { createServerWatch, type ServerWatch, type WatchContext } from './server-watch.ts';
import { createSharedPauses } from './shared-pauses.ts';
import { createWatchCloser, type WatchCloser } from './watch-closer.ts';
import { createWitnesses } from './witnesses.ts';

/** Checks all configured servers on a schedule, takes real calls into account, and publishes the results. */
export interface Prober {
  /**
   * Applies a configuration. New servers are checked soon, removed ones are closed. Changed ones keep their state; only if
   * the change concerns the connection, it is opened anew, with a check at once.
   */
  apply(servers: readonly ServerSpec[]): void;
  /**
   * Reads again whether a server is disabled manually. If it now is, its connection is closed and its histories are kept;
   * if it no longer is, it is checked at once.
   */
  reconsider(name: string): void;
  /**
   * Closes the connection of the checks, ends the child of a stdio server, and checks the server with a new one.
   * `undefined`: the server is unknown, is not checked at all, or was removed meanwhile.
   */
  reopen(name: string): Promise<CheckReport | undefined>;
  /** Checks a server now. `undefined`: the server is unknown, is not checked at all, or was removed meanwhile. */
  checkNow(name: string, options: { readonly deep: boolean }): Promise<CheckReport | undefined>;
  /** In the order of the configuration. */
  views(): ServerView[];
  detail(name: string): ServerDetail | undefined;
  processUsage(): { readonly server: string; readonly usage: ProcessUsage }[];
  /** Checks that are due and wait for a slot. */
  queueSize(): number;
  connectivitySuspected(): boolean;
  /** Whether the exporter itself is late with its checks. */
  isLate(): boolean;
  /** Aborts running checks and closes every connection; returns within 15 seconds even if some do not close. */
  stop(): Promise<void>;
}

export interface ProberOptions {
  readonly connector: Connector;
  readonly clock: Clock;
  readonly random: Random;
  readonly hub: Hub;
  /** Steady checks that run at the same time; those that only wait for a slow server do not count, see `lane.ts`. */
  readonly concurrency: number;
  /** Why a server is disabled manually; `undefined` if it is not. */
  readonly whyDisabled?: (name: string) => string | undefined;
}

/** Starting a child takes mostly CPU time; starting more at once delays each of them. */
const STARTS_MAX = 8;
const DEEP_CHECKS_MAX = 4;
/** Reports kept per kind of history, over all servers; each server has its share within the two bounds. */
const HISTORY_TOTAL = 20_000;
const HISTORY_MIN = 5;
const HISTORY_MAX = 100;

export function createProber(options: ProberOptions): Prober {
  return new WatchedFleet(options);
}

/** One watch per server, and what all of them share. */
class WatchedFleet implements Prober {
  readonly #hub: Hub;
  readonly #clock: Clock;
  readonly #whyDisabled: (name: string) => string | undefined;
  readonly #lanes: WatchContext['lanes'];
  readonly #connectivity: ConnectivityGuard;
  readonly #lateness: LatenessGuard;
  readonly #closer: WatchCloser;
  readonly #context: WatchContext;
  readonly #unsubscribe: () => void;
  /** By name, in the order of the configuration. */
  #watches = new Map<string, ServerWatch>();
  #isStopped = false;

  constructor(options: ProberOptions) {
    const { connector, clock, random, hub, concurrency } = options;
    const witnesses = createWitnesses();
    this.#hub = hub;
    this.#clock = clock;
    this.#whyDisabled = options.whyDisabled ?? (() => undefined);
    this.#lanes = createLanes(clock, concurrency);
    this.#connectivity = createConnectivityGuard(clock, hub.publish);
    this.#lateness = createLatenessGuard(clock, hub.publish);
    this.#closer = createWatchCloser(clock);
    this.#context = {
      connector,
      clock,
      random,
      lanes: this.#lanes,
      connectivity: this.#connectivity,
      pauses: createSharedPauses(clock),
      lateness: this.#lateness,
      publish: hub.publish,
      historyMax: () => historyMaxFor(this.#watches.size),
      onFirstLoss: (host) => witnesses.recheck(host, clock.monotonicMs(), this.#watches.values()),
    };
    this.#unsubscribe = hub.subscribe((fact) => {
      if (fact.fact === 'call' && fact.direction === 'client_to_server')
        this.#watches.get(fact.server)?.noteCall(fact);
    });
  }

  apply(servers: readonly ServerSpec[]): void {
    if (this.#isStopped) return;
    const before = this.#watches;
    const specs = new Map([...before].map(([name, { spec }]) => [name, spec]));
    const diff = diffServers(specs, servers);
    for (const name of diff.removed) this.#remove(before.get(name));
    const created = new Map(diff.added.map((spec) => [spec.name, this.#createWatch(spec)]));
    this.#watches = new Map(
      diff.order.flatMap((name) => {
        const watch = created.get(name) ?? before.get(name);
        return watch ? [[name, watch] as const] : [];
      }),
    );
    for (const watch of created.values()) this.#announce(watch.spec);
    for (const [index, { name }] of diff.added.entries())
      created.get(name)?.start(firstDelayMs(index, diff.added.length), false);
    for (const kept of diff.kept) this.#reconfigure(kept);
  }

  reconsider(name: string): void {
    const watch = this.#watches.get(name);
    if (!watch || this.#isStopped) return;
    const disagreed = watch.view().disagreement !== undefined;
    const change = setDisabled(watch.record, this.#whyDisabled(name), this.#moment());
    if (!change) return;
    this.#publishChange(name, change, disagreed);
    void this.#succeed(watch);
  }

  async reopen(name: string): Promise<CheckReport | undefined> {
    const watch = this.#watches.get(name);
    if (!watch || this.#isStopped) return undefined;
    await this.#succeed(watch);
    return this.checkNow(name, { deep: false });
  }

  checkNow(name: string, { deep }: { readonly deep: boolean }): Promise<CheckReport | undefined> {
    return this.#watches.get(name)?.checkNow(deep) ?? Promise.resolve(undefined);
  }

  views(): ServerView[] {
    return [...this.#watches.values()].map((watch) => watch.view());
  }

  detail(name: string): ServerDetail | undefined {
    return this.#watches.get(name)?.detail();
  }

  processUsage(): { readonly server: string; readonly usage: ProcessUsage }[] {
    return [...this.#watches.values()].flatMap((watch) => {
      const usage = watch.processUsage();
      return usage ? [{ server: watch.spec.name, usage }] : [];
    });
  }

  queueSize(): number {
    return this.#lanes.steady.size() + this.#lanes.starting.size() + this.#lanes.deep.size();
  }

  connectivitySuspected(): boolean {
    return this.#connectivity.isSuspected();
  }

  isLate(): boolean {
    return this.#lateness.isLate();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#unsubscribe();
    for (const watch of this.#watches.values()) watch.halt(false);
    for (const watch of this.#watches.values()) void this.#closer.close(watch);
    await this.#closer.allClosed();
  }

  #remove(watch: ServerWatch | undefined): void {
    if (!watch) return;
    const { name } = watch.spec;
    watch.halt(true);
    this.#connectivity.forget(name);
    this.#hub.publish({ fact: 'server_removed', server: name });
    void this.#closer.close(watch);
  }

  #reconfigure({ spec, changes }: KeptServer): void {
    const { name } = spec;
    const watch = this.#watches.get(name);
    if (!watch) return;
    const reopens = reopeningOf(changes);
    const disagreed = watch.view().disagreement !== undefined;
    const change = reconfigure(watch.record, spec, reopens !== 'none', this.#moment());
    if (changes.length === 0) return;
    const keys = changes.map(({ key }) => key);
    this.#hub.publish({ fact: 'server_changed', server: spec, keys, reopens });
    if (change) this.#publishChange(name, change, disagreed);
    if (reopens === 'none') watch.reconfigure();
    else void this.#succeed(watch);
  }

  /**
   * Another watch takes over what is known, with a connection of its own and a check at once.
   * @returns resolves when that begins
   */
  async #succeed(watch: ServerWatch): Promise<void> {
    const { name } = watch.spec;
    watch.halt(false);
    this.#connectivity.forget(name);
    const closed = this.#closer.close(watch);
    const successor = createServerWatch(watch.record, this.#context, watch.tally);
    successor.reconfigure();
    this.#watches.set(name, successor);
    await closed;
    successor.start(0, true);
  }

  #createWatch(spec: ServerSpec): ServerWatch {
    const record = createServerRecord(spec, this.#moment(), this.#whyDisabled(spec.name));
    return createServerWatch(record, this.#context);
  }

  #moment(): RecordMoment {
    return {
      epochMs: this.#clock.nowMs(),
      monotonicMs: this.#clock.monotonicMs(),
      historyMax: this.#context.historyMax(),
    };
  }

  #announce(server: ServerSpec): void {
    const isDisabled = this.#whyDisabled(server.name) !== undefined;
    this.#hub.publish({ fact: 'server_added', server, ...(isDisabled && { isDisabled }) });
  }

  #publishChange(server: string, change: StatusChange, disagreed: boolean): void {
    this.#hub.publish({ fact: 'status', server, ...change });
    if (!disagreed) return;
    // The halted watch is not told that the suspicion has ended.
    const detail = 'the server is disabled';
    this.#hub.publish({ fact: 'disagreement', server, disagrees: false, detail });
  }
}

function createLanes(clock: Clock, concurrency: number): WatchContext['lanes'] {
  return {
    steady: createLane({ concurrency, patienceMs: 1_000, stragglersMax: 2_000, clock }),
    starting: createLane({ concurrency: STARTS_MAX, patienceMs: 5_000, stragglersMax: 32, clock }),
    deep: createLane({ concurrency: DEEP_CHECKS_MAX, patienceMs: 5_000, stragglersMax: 16, clock }),
  };
}

function historyMaxFor(servers: number): number {
  const share = Math.floor(HISTORY_TOTAL / Math.max(1, servers));
  return Math.min(HISTORY_MAX, Math.max(HISTORY_MIN, share));
}
