import type { ActionTaken } from '../../facts/alert-event.ts';
import type { Disabling, Switched } from '../../facts/disabling.ts';
import type { Clock, Timer } from '../../facts/ports/clock.ts';
import type { SwitchOrder } from '../../facts/ports/commands.ts';
import type { DisablingStore } from '../../facts/ports/disabling-store.ts';
import type { Log } from '../../facts/ports/log.ts';
import {
  createSwitchState,
  disableServer,
  enableServer,
  retainServers,
  type SwitchState,
  takeKept,
} from './switch-state.ts';

/**
 * Disables and enables configured servers manually; this survives restarts and reloads.
 *
 * An order takes effect at once, whether or not it can be stored: a server that does harm must be stoppable without a
 * disk. What could not be stored is tried again, and what could not be read at the start is read later; orders given
 * meanwhile take precedence over it.
 */
export interface ServerSwitch {
  /** Reads what was stored. Never rejects. */
  restore(): Promise<void>;
  find(server: string): Disabling | undefined;
  /** Does nothing if the server is disabled already. Never rejects. */
  disable(server: string, order: SwitchOrder): Promise<Switched>;
  enable(server: string, order: SwitchOrder): Promise<Switched>;
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

export function createServerSwitch(options: ServerSwitchOptions): ServerSwitch {
  const { clock, onChange, noteAction } = options;
  const state = createSwitchState();
  const keeper = createKeeper(state, options);

  return {
    restore: () => keeper.read(),
    find: (server) => state.disabled.get(server),
    async disable(server, { by, reason }) {
      const hasChanged = disableServer(state, { server, atMs: clock.nowMs(), by, reason });
      if (hasChanged) {
        onChange(server);
        noteAction({ kind: 'disable', server, by, text: reason });
      }
      return { hasChanged, isKept: await keeper.keep() };
    },
    async enable(server, { by, reason }) {
      const hasChanged = enableServer(state, server);
      if (hasChanged) {
        onChange(server);
        noteAction({ kind: 'enable', server, by, text: reason });
      }
      return { hasChanged, isKept: await keeper.keep() };
    },
    retain(servers) {
      if (retainServers(state, servers)) void keeper.keep();
    },
    stop: () => keeper.stop(),
  };
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
