import type { CheckReport } from '../../facts/check-report.ts';
import type { Hub } from '../../facts/hub.ts';
import { isSameServer } from '../../facts/rules/is-same-server.ts';
import { firstDelayMs } from './schedule.ts';
import type { ServerSpec } from '../../facts/server.ts';
import { createConnectivityGuard } from './connectivity-guard.ts';
import { createLane, type Lane } from './lane.ts';
import type { Clock, Random } from '../../facts/ports/clock.ts';
import type { Connector } from './ports.ts';
import type { ProcessUsage } from '../../facts/ports/process-usage.ts';
import type { ServerDetail, ServerView } from '../../facts/ports/server-view.ts';
import { createServerRecord, type StatusChange } from './server-record.ts';
import { createServerWatch, type ServerWatch, type WatchContext } from './server-watch.ts';
import { endsWithin } from '../../facts/deadline.ts';

/** Checks all configured servers on a schedule of its own, listens to what real calls say of them, and publishes what it finds. */
export interface Prober {
  /**
   * Takes over a configuration. Servers that stayed the same keep state and connection; new ones are checked soon,
   * changed ones are removed and added anew with a check at once; those that are gone are closed.
   */
  apply(servers: readonly ServerSpec[]): void;
  /**
   * Asks again whether a server is disabled by hand. One that is now loses its connection, and keeps its histories; one
   * that is no more is checked at once.
   */
  reconsider(name: string): void;
  /** Checks a server before its time. `undefined`: no such server, it is not checked at all, or it went away meanwhile. */
  checkNow(name: string, options: { readonly deep: boolean }): Promise<CheckReport | undefined>;
  /** In the order of the configuration. */
  views(): ServerView[];
  detail(name: string): ServerDetail | undefined;
  processUsage(): { readonly server: string; readonly usage: ProcessUsage }[];
  /** Checks that are due and wait for a slot. */
  queueSize(): number;
  connectivitySuspected(): boolean;
  /** Aborts running checks and closes every connection; back within `STOP_MS_MAX` even if some do not close. */
  stop(): Promise<void>;
}

export interface ProberOptions {
  readonly connector: Connector;
  readonly clock: Clock;
  readonly random: Random;
  readonly hub: Hub;
  /** Steady checks at work at the same time; those that merely wait for a slow server are not counted, see `lane.ts`. */
  readonly concurrency: number;
  /** Why a server is disabled by hand; nothing where it is not. */
  readonly whyDisabled?: (name: string) => string | undefined;
}

/** Starting a child is mostly CPU time of ours; more at once make each of them late. */
const STARTS_MAX = 8;
const DEEP_CHECKS_MAX = 4;
const STOP_MS_MAX = 15_000;
/** Reports kept per kind of history, over all servers; each server has its share within the two bounds. */
const HISTORY_TOTAL = 20_000;
const HISTORY_MIN = 5;
const HISTORY_MAX = 100;
const WITNESSES_MAX = 3;
/** Between two rounds of witnesses, so that many failures do not multiply the checks. */
const WITNESS_PAUSE_MS = 10_000;

export function createProber({
  connector,
  clock,
  random,
  hub,
  concurrency,
  whyDisabled = () => undefined,
}: ProberOptions): Prober {
  const lanes = {
    steady: createLane({ concurrency, patienceMs: 1_000, stragglersMax: 2_000, clock }),
    starting: createLane({ concurrency: STARTS_MAX, patienceMs: 5_000, stragglersMax: 32, clock }),
    deep: createLane({ concurrency: DEEP_CHECKS_MAX, patienceMs: 5_000, stragglersMax: 16, clock }),
  };
  const closing: Lane = createLane({
    concurrency: 256,
    patienceMs: 1_000,
    stragglersMax: Infinity,
    clock,
  });
  const connectivity = createConnectivityGuard(clock, hub.publish);
  /** By the name of their server, watches whose connections are not closed yet. */
  const ending = new Map<string, Promise<unknown>>();
  let watches = new Map<string, ServerWatch>();
  let witnessesAskedAtMs = Number.NEGATIVE_INFINITY;
  let isStopped = false;

  const context: WatchContext = {
    connector,
    clock,
    random,
    lanes,
    connectivity,
    publish: hub.publish,
    historyMax: () =>
      Math.min(
        HISTORY_MAX,
        Math.max(HISTORY_MIN, Math.floor(HISTORY_TOTAL / Math.max(1, watches.size))),
      ),
    onFirstLoss: askWitnesses,
  };

  /**
   * Own connectivity is judged by several hosts failing at once, but their checks may be an interval apart: by then the
   * first would be Offline. So a first loss asks some other hosts at once.
   */
  function askWitnesses(lostHost: string): void {
    if (clock.monotonicMs() - witnessesAskedAtMs < WITNESS_PAUSE_MS) return;
    witnessesAskedAtMs = clock.monotonicMs();
    const hosts = new Set([lostHost]);
    for (const watch of watches.values()) {
      if (watch.host === undefined || hosts.has(watch.host) || !watch.recheckAsWitness()) continue;
      hosts.add(watch.host);
      if (hosts.size > WITNESSES_MAX) return;
    }
  }

  const unsubscribe = hub.subscribe((fact) => {
    if (fact.fact === 'call' && fact.direction === 'client_to_server')
      watches.get(fact.server)?.noteCall(fact);
  });

  function close(watch: ServerWatch): Promise<void> {
    return new Promise((resolve) => {
      closing.run(() => watch.close().finally(resolve), 0);
    });
  }

  /** Resolves when nothing of the server is open any more: two children of one command may fight for a port or a lock file. */
  function end(watch: ServerWatch): Promise<unknown> {
    const { name } = watch.spec;
    const closed = Promise.all([ending.get(name), close(watch)]).finally(() => {
      if (ending.get(name) === closed) ending.delete(name);
    });
    ending.set(name, closed);
    return closed;
  }

  function remove(watch: ServerWatch): Promise<unknown> {
    watch.halt(true);
    connectivity.forget(watch.spec.name);
    hub.publish({ fact: 'server_removed', server: watch.spec.name });
    return end(watch);
  }

  function add(spec: ServerSpec): ServerWatch {
    const disabled = whyDisabled(spec.name);
    const record = createServerRecord(spec, clock, context.historyMax, disabled);
    return createServerWatch(spec, record, context);
  }

  function announce(server: ServerSpec): void {
    const isDisabled = whyDisabled(server.name) !== undefined;
    hub.publish({ fact: 'server_added', server, ...(isDisabled && { isDisabled }) });
  }

  function publishChange(server: string, change: StatusChange, disagreed: boolean): void {
    hub.publish({ fact: 'status', server, ...change });
    // Nobody is left who would find out.
    if (disagreed) {
      const detail = 'the server is disabled';
      hub.publish({ fact: 'disagreement', server, disagrees: false, detail });
    }
  }

  return {
    apply(servers) {
      if (isStopped) return;
      const specs = new Map(servers.map((spec) => [spec.name, spec]));
      const kept = new Map<string, ServerWatch>();
      const replaced = new Map<string, Promise<unknown>>();
      for (const [name, watch] of watches) {
        const spec = specs.get(name);
        if (spec && isSameServer(spec, watch.spec)) {
          watch.record.relocate(spec.source);
          kept.set(name, watch);
        } else replaced.set(name, remove(watch));
      }
      const added = [...specs.values()].filter(({ name }) => !kept.has(name));
      const created = new Map(added.map((spec) => [spec.name, add(spec)]));
      watches = new Map(
        [...specs.keys()].flatMap((name) => {
          const watch = kept.get(name) ?? created.get(name);
          return watch ? [[name, watch] as const] : [];
        }),
      );
      for (const server of added) announce(server);
      const fresh = [...created.values()].filter(({ spec }) => !replaced.has(spec.name));
      fresh.forEach((watch, index) => watch.start(firstDelayMs(index, fresh.length), false));
      for (const [name, closed] of replaced) {
        const watch = created.get(name);
        if (watch) void closed.then(() => watch.start(0, true));
      }
    },
    reconsider(name) {
      const watch = watches.get(name);
      if (!watch || isStopped) return;
      const disagreed = watch.view().disagreement !== undefined;
      const change = watch.record.disable(whyDisabled(name));
      if (!change) return;
      watch.halt(false);
      connectivity.forget(name);
      publishChange(name, change, disagreed);
      const closed = end(watch);
      const successor = createServerWatch(watch.spec, watch.record, context);
      watches.set(name, successor);
      void closed.then(() => successor.start(0, true));
    },
    checkNow: (name, { deep }) => watches.get(name)?.checkNow(deep) ?? Promise.resolve(undefined),
    views: () => [...watches.values()].map((watch) => watch.view()),
    detail: (name) => watches.get(name)?.detail(),
    processUsage: () =>
      [...watches.values()].flatMap((watch) => {
        const usage = watch.processUsage();
        return usage ? [{ server: watch.spec.name, usage }] : [];
      }),
    queueSize: () => lanes.steady.size() + lanes.starting.size() + lanes.deep.size(),
    connectivitySuspected: () => connectivity.isSuspected(),
    async stop() {
      isStopped = true;
      unsubscribe();
      for (const watch of watches.values()) watch.halt(false);
      const closed = Promise.all([
        ...ending.values(),
        ...[...watches.values()].map((watch) => close(watch)),
      ]);
      await endsWithin(clock, STOP_MS_MAX, closed);
    },
  };
}
