import type { ActionTaken } from '../../facts/alert-event.ts';
import {
  type ActiveMaintenance,
  describeMaintenance,
  type MaintenanceWindow,
} from '../../facts/maintenance.ts';
import type { Clock, Timer } from '../../facts/ports/clock.ts';
import type { MaintenanceCommands } from '../../facts/ports/commands.ts';
import type { Log } from '../../facts/ports/log.ts';
import type { MaintenanceStore } from '../../facts/ports/maintenance-store.ts';
import type { MaintenanceViews } from '../../facts/ports/views.ts';
import { describeTime } from '../../facts/rules/maintenance-text.ts';
import type { MaintenanceChanged } from '../../facts/server-facts.ts';
import type { EpochMs } from '../../facts/time.ts';
import {
  createMaintenanceState,
  findActive,
  findEnded,
  isSameMaintenance,
  listWindows,
  type MaintenanceState,
  nextChangeMs,
} from './maintenance-state.ts';

/** Maintenance windows of the configuration and of the API. The latter survive restarts. */
export interface Maintenance extends MaintenanceViews, MaintenanceCommands {
  /** Reads what was stored; what cannot be read is read later. Never rejects. */
  restore(): Promise<void>;
  /** These servers and windows are configured. */
  apply(servers: readonly string[], windows: readonly MaintenanceWindow[]): void;
  stop(): void;
}

export interface MaintenanceOptions {
  readonly clock: Clock;
  readonly store: MaintenanceStore;
  readonly log: Pick<Log, 'warn'>;
  /** Unique and short: people type it. */
  readonly newId: () => string;
  readonly publish: (fact: MaintenanceChanged) => void;
  readonly noteAction: (action: Omit<ActionTaken, 'fact' | 'atMs' | 'alertId'>) => void;
}

const RETRY_MS = 10_000;
/** A longer timer would miss that the clock was set. */
const TIMER_MS_MAX = 15 * 60_000;
/** Who acts if nobody does. */
const SERVICE = 'mcp-exporter';

export function createMaintenance(options: MaintenanceOptions): Maintenance {
  const { clock, store } = options;
  const state = createMaintenanceState();
  const reporter = createReporter(state, options);
  const reader = createReader(state, options, () => reporter.update());

  return {
    restore: () => reader.restore(),
    apply(servers, windows) {
      state.servers = servers;
      state.configured = windows;
      reporter.update();
    },
    findActive: (server) => state.active.get(server),
    windows: () => listWindows(state, clock.nowMs()),
    async plan(order) {
      const window: MaintenanceWindow = { ...order, id: options.newId(), source: 'api' };
      await store.addMaintenance(window);
      state.planned.set(window.id, window);
      const { by, reason } = window;
      reporter.note(window, by, ['planned', reason]);
      reporter.update();
      return window;
    },
    async cancel(id, { by, reason }) {
      if (!state.hasRead) await reader.read();
      const window = state.planned.get(id);
      if (!window) return undefined;
      await store.removeMaintenance([id]);
      state.planned.delete(id);
      reporter.note(window, by, ['cancelled', reason]);
      reporter.update();
      return window;
    },
    stop() {
      reader.stop();
      reporter.stop();
    },
  };
}

/** Publishes what begins and ends, when it does. */
function createReporter(state: MaintenanceState, options: MaintenanceOptions) {
  const { clock, store, noteAction } = options;
  const report = createChangeReporter(options);
  let timer: Timer | undefined;
  let isStopped = false;

  function forgetEnded(atMs: EpochMs): void {
    const ended = findEnded(state, atMs);
    for (const id of ended) state.planned.delete(id);
    // If this fails, they are read again at the next start, and removed then.
    if (ended.length > 0) void store.removeMaintenance(ended).catch(() => undefined);
  }

  /** Whatever changed: the servers, the windows or the time. */
  function update(): void {
    if (isStopped) return;
    const atMs = clock.nowMs();
    forgetEnded(atMs);
    const windows = listWindows(state, atMs);
    const before = state.active;
    state.active = findActive(windows, state.servers);
    for (const server of state.servers)
      report(server, before.get(server), state.active.get(server), atMs);
    timer?.cancel();
    const changesAtMs = nextChangeMs(windows);
    if (changesAtMs !== undefined)
      timer = clock.after(Math.min(TIMER_MS_MAX, Math.max(0, changesAtMs - atMs)), update);
  }

  return {
    update,
    /** In the history of each of its servers. */
    note(
      { servers = [''], time }: MaintenanceWindow,
      by: string,
      [verb, reason]: readonly [verb: string, reason: string],
    ): void {
      const end = time.kind === 'once' && { untilMs: time.endsAtMs };
      const text = `${verb}: ${describeTime(time)}${reason === '' ? '' : `: ${reason}`}`;
      for (const server of servers) noteAction({ kind: 'maintenance', server, by, text, ...end });
    },
    stop() {
      isStopped = true;
      timer?.cancel();
    },
  };
}

/** Publishes and notes how the maintenance of a server changed. */
function createChangeReporter({ clock, publish, noteAction }: MaintenanceOptions) {
  const createdAtMs = clock.nowMs();
  return (
    server: string,
    was: ActiveMaintenance | undefined,
    is: ActiveMaintenance | undefined,
    atMs: EpochMs,
  ): void => {
    const described = is ?? was;
    if (!described || isSameMaintenance(was, is)) return;
    const reason = describeMaintenance(described);
    const isActive = is !== undefined;
    const end = is && { untilMs: is.untilMs };
    publish({ fact: 'maintenance', server, atMs, isActive, reason, ...end });
    if (isActive === (was !== undefined)) return;
    // What began before this process is in the history already, or nobody was there to note it.
    const verb = !is ? 'ended' : is.sinceMs < createdAtMs ? 'goes on' : 'began';
    noteAction({ kind: 'maintenance', server, by: SERVICE, text: `${verb}: ${reason}`, ...end });
  };
}

/** Reads what the store holds, again and again until it can. */
function createReader(
  state: MaintenanceState,
  { clock, store, log }: MaintenanceOptions,
  onRead: () => void,
) {
  let timer: Timer | undefined;
  let isStopped = false;

  async function read(): Promise<void> {
    if (store.isOff) return;
    const kept = await store.findMaintenance();
    // Those that were planned meanwhile are stored too, or were cancelled.
    if (state.hasRead) return;
    state.hasRead = true;
    for (const window of kept) state.planned.set(window.id, window);
    onRead();
  }

  async function restore(): Promise<void> {
    try {
      await read();
    } catch (err) {
      if (!timer)
        log.warn({ channel: 'error', err }, 'planned maintenance windows cannot be read now');
      if (!isStopped) timer = clock.after(RETRY_MS, () => void restore());
    }
  }

  return {
    read,
    restore,
    stop() {
      isStopped = true;
      timer?.cancel();
    },
  };
}
