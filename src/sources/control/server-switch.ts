import type { ActionTaken } from '../../facts/alert-event.ts';
import type { SwitchOrder } from '../../facts/ports/commands.ts';
import type { Clock, Timer } from '../../facts/ports/clock.ts';
import type { Disabling, Switched } from '../../facts/disabling.ts';
import type { Log } from '../../facts/ports/log.ts';

/** Where it is kept who is disabled. */
export interface DisablingStore {
  /** Whether anything is kept at all. */
  readonly isOff: boolean;
  /** Rejects where the store does not answer. */
  findDisablings(): Promise<readonly Disabling[]>;
  /** In place of all that were kept; resolves when that is committed. */
  saveDisablings(disablings: readonly Disabling[]): Promise<void>;
}

/**
 * Disables and enables configured servers by hand, over restarts and reloads.
 *
 * An order takes effect at once, whatever becomes of the store: who switches off a server that does harm must not wait for a
 * disk. What could not be kept is tried again, and what could not be read at the start is read later; what was ordered
 * meanwhile holds.
 */
export interface ServerSwitch {
  /** Reads what was kept. Never rejects. */
  restore(): Promise<void>;
  find(server: string): Disabling | undefined;
  /** Does nothing where it is disabled already. Never rejects. */
  disable(server: string, order: SwitchOrder): Promise<Switched>;
  enable(server: string, order: SwitchOrder): Promise<Switched>;
  /** These are configured: the others are forgotten. */
  retain(servers: readonly string[]): void;
  stop(): void;
}

export interface ServerSwitchOptions {
  readonly clock: Clock;
  readonly store: DisablingStore;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** `find` says something else of it now. */
  readonly onChange: (server: string) => void;
  readonly noteAction: (action: Omit<ActionTaken, 'fact' | 'atMs' | 'alertId'>) => void;
}

const RETRY_MS = 10_000;

export function createServerSwitch(options: ServerSwitchOptions): ServerSwitch {
  const { clock, store, log, onChange, noteAction } = options;
  const disabled = new Map<string, Disabling>();
  /** Switched before what was kept could be read. */
  const switched = new Set<string>();
  let configured: ReadonlySet<string> | undefined;
  let hasRead = false;
  let isTroubled = false;
  let timer: Timer | undefined;
  let isStopped = false;

  function set(server: string, disabling: Disabling | undefined): void {
    if (disabling) disabled.set(server, disabling);
    else disabled.delete(server);
    if (!hasRead) switched.add(server);
    onChange(server);
  }

  async function read(): Promise<void> {
    const kept = await store.findDisablings();
    if (hasRead) return;
    hasRead = true;
    const found = kept.filter(
      ({ server }) => !switched.has(server) && configured?.has(server) !== false,
    );
    switched.clear();
    for (const disabling of found) {
      disabled.set(disabling.server, disabling);
      onChange(disabling.server);
    }
    const servers = found.map(({ server }) => server);
    if (servers.length > 0) log.info({ channel: 'health', servers }, 'servers stay disabled');
  }

  /** @returns whether the store holds what holds now */
  async function keep(): Promise<boolean> {
    if (store.isOff) return false;
    return attempt(async () => {
      if (!hasRead) await read();
      await store.saveDisablings([...disabled.values()]);
    });
  }

  async function attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      isTroubled = false;
      return true;
    } catch (err) {
      if (!isTroubled)
        log.warn({ channel: 'error', err }, 'which servers are disabled cannot be kept now');
      isTroubled = true;
      if (!isStopped) timer ??= clock.after(RETRY_MS, retry);
      return false;
    }
  }

  function retry(): void {
    timer = undefined;
    void keep();
  }

  return {
    async restore() {
      if (!store.isOff) await attempt(read);
    },
    find: (server) => disabled.get(server),
    async disable(server, { by, reason }) {
      const hasChanged = !disabled.has(server);
      if (hasChanged) {
        set(server, { server, atMs: clock.nowMs(), by, reason });
        noteAction({ kind: 'disable', server, by, text: reason });
      }
      return { hasChanged, isKept: await keep() };
    },
    async enable(server, { by, reason }) {
      const hasChanged = disabled.has(server);
      if (hasChanged) {
        set(server, undefined);
        noteAction({ kind: 'enable', server, by, text: reason });
      }
      return { hasChanged, isKept: await keep() };
    },
    retain(servers) {
      configured = new Set(servers);
      const gone = [...disabled.keys()].filter((server) => !configured?.has(server));
      for (const server of gone) disabled.delete(server);
      if (gone.length > 0) void keep();
    },
    stop() {
      isStopped = true;
      timer?.cancel();
    },
  };
}
