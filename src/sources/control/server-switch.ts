import type { ActionTaken } from '../../facts/alert-event.ts';
import type { Disabling, Switched } from '../../facts/disabling.ts';
import type { Clock, Timer } from '../../facts/ports/clock.ts';
import type { DisableOrder, SwitchOrder } from '../../facts/ports/commands.ts';
import type { DisablingStore } from '../../facts/ports/disabling-store.ts';
import type { Log } from '../../facts/ports/log.ts';
import {
  createSwitchState,
  disableServer,
  enableServer,
  findExpired,
  nextExpiryMs,
  retainServers,
  type SwitchState,
  takeKept,
} from './switch-state.ts';

/**
 * Disables and enables configured servers; this survives restarts and reloads. A server that is disabled for a time is enabled
 * when that is over.
 *
 * An order takes effect at once, whether or not it can be stored: a server that does harm must be stoppable without a
 * disk. What could not be stored is tried again, and what could not be read at the start is read later; orders given
 * meanwhile take precedence over it.
 */
export interface ServerSwitch {
  /** Reads what was stored. Never rejects. */
  restore(): Promise<void>;
  find(server: string): Disabling | undefined;
  /** Changes only the end if the server is disabled already. Never rejects. */
  disable(server: string, order: DisableOrder): Promise<Switched>;
  enable(server: string, order: SwitchOrder): Promise<Switched>;
  /** By the service itself; see {@link Disabling.isAutomatic}. Does nothing to a server that is disabled already. */
  disableAutomatically(server: string, reason: string): void;
  /** Does nothing to a server that somebody disabled. */
  enableAutomatically(server: string, reason: string): void;
  /** These servers are configured: forgets the others. */
  retain(servers: readonly string[]): void;
  stop(): void;
}

export interface ServerSwitchOptions {
  readonly clock: Clock;
  readonly store: DisablingStore;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** `find` returns something else for this server now. */
  readonly onChange: (server: string) => void;
  readonly noteAction: (action: Omit<ActionTaken, 'fact' | 'atMs' | 'alertId'>) => void;
}

const RETRY_MS = 10_000;
/** A longer timer would miss that the clock was set. */
const TIMER_MS_MAX = 60 * 60_000;
/** Who acts if nobody does. */
const SERVICE = 'mcp-exporter';

export function createServerSwitch(options: ServerSwitchOptions): ServerSwitch {
  const { clock, onChange, noteAction } = options;
  const state = createSwitchState();
  const expiry = createExpiry(state, clock, (server) =>
    enable(server, { by: SERVICE, reason: 'the time is over' }),
  );
  const report = (server: string): void => {
    onChange(server);
    expiry.schedule();
  };
  const keeper = createKeeper(state, { ...options, onChange: report });

  async function disable(disabling: Disabling): Promise<Switched> {
    const { server, by, reason: text, untilMs } = disabling;
    const hasChanged = disableServer(state, disabling);
    if (hasChanged) {
      report(server);
      const kind = disabling.isAutomatic ? 'auto_disable' : 'disable';
      noteAction({ kind, server, by, text, ...(untilMs !== undefined && { untilMs }) });
    }
    return { hasChanged, isKept: await keeper.keep() };
  }

  async function enable(
    server: string,
    { by, reason }: SwitchOrder,
    kind: 'enable' | 'auto_enable' = 'enable',
  ): Promise<Switched> {
    const hasChanged = enableServer(state, server);
    if (hasChanged) {
      report(server);
      noteAction({ kind, server, by, text: reason });
    }
    return { hasChanged, isKept: await keeper.keep() };
  }

  return {
    restore: () => keeper.read(),
    find: (server) => state.disabled.get(server),
    disable: (server, order) => disable({ server, atMs: clock.nowMs(), ...order }),
    enable: (server, order) => enable(server, order),
    disableAutomatically(server, reason) {
      const atMs = clock.nowMs();
      void disable({ server, atMs, by: SERVICE, reason, isAutomatic: true });
    },
    enableAutomatically(server, reason) {
      if (state.disabled.get(server)?.isAutomatic)
        void enable(server, { by: SERVICE, reason }, 'auto_enable');
    },
    retain(servers) {
      if (retainServers(state, servers)) void keeper.keep();
    },
    stop() {
      expiry.stop();
      keeper.stop();
    },
  };
}

/** Calls `enable` for every server whose time is over. */
function createExpiry(
  state: SwitchState,
  clock: Clock,
  enable: (server: string) => Promise<Switched>,
): { schedule(): void; stop(): void } {
  let timer: Timer | undefined;

  /** Whatever changed: the next end may be another. */
  function schedule(): void {
    timer?.cancel();
    const atMs = nextExpiryMs(state);
    if (atMs === undefined) return;
    timer = clock.after(Math.min(TIMER_MS_MAX, Math.max(0, atMs - clock.nowMs())), () => {
      for (const server of findExpired(state, clock.nowMs())) void enable(server);
      schedule();
    });
  }

  return { schedule, stop: () => timer?.cancel() };
}

/** Keeps state and store the same, and tries again when the store fails. */
interface Keeper {
  read(): Promise<void>;
  /** @returns whether the store holds the state of now */
  keep(): Promise<boolean>;
  stop(): void;
}

function createKeeper(
  state: SwitchState,
  { clock, store, log, onChange }: ServerSwitchOptions,
): Keeper {
  let isFailing = false;
  let isStopped = false;
  let timer: Timer | undefined;

  async function read(): Promise<void> {
    const servers = takeKept(state, await store.findDisablings());
    for (const server of servers) onChange(server);
    if (servers.length > 0) log.info({ channel: 'health', servers }, 'servers stay disabled');
  }

  async function save(): Promise<void> {
    if (!state.hasRead) await read();
    await store.saveDisablings([...state.disabled.values()]);
  }

  async function attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      isFailing = false;
      return true;
    } catch (err) {
      if (!isFailing)
        log.warn({ channel: 'error', err }, 'which servers are disabled cannot be stored now');
      isFailing = true;
      if (!isStopped) timer ??= clock.after(RETRY_MS, retry);
      return false;
    }
  }

  function retry(): void {
    timer = undefined;
    void attempt(save);
  }

  return {
    async read() {
      if (!store.isOff) await attempt(read);
    },
    keep: async () => !store.isOff && (await attempt(save)),
    stop() {
      isStopped = true;
      timer?.cancel();
    },
  };
}
