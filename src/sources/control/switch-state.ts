import type { Disabling } from '../../facts/disabling.ts';
import type { EpochMs } from '../../facts/time.ts';

/** Which servers are disabled. Plain data that the functions of this file change in place. */
export interface SwitchState {
  readonly disabled: Map<string, Disabling>;
  /** Disabled or enabled before the store could be read: what is stored about these is out of date. */
  readonly switchedEarly: Set<string>;
  /** `undefined` until it is known which servers are configured. */
  configured: ReadonlySet<string> | undefined;
  /** Whether the store was read. */
  hasRead: boolean;
}

export function createSwitchState(): SwitchState {
  return {
    disabled: new Map(),
    switchedEarly: new Set(),
    configured: undefined,
    hasRead: false,
  };
}

/**
 * What somebody ordered replaces what the service did by itself. A later order changes something only if it sets another end,
 * or none.
 * @returns whether that changed anything
 */
export function disableServer(state: SwitchState, disabling: Disabling): boolean {
  const { server } = disabling;
  const present = state.disabled.get(server);
  if (present && isSameDisabling(present, disabling)) return false;
  const isExtended = present !== undefined && !present.isAutomatic;
  state.disabled.set(server, isExtended ? extend(present, disabling) : disabling);
  if (!state.hasRead) state.switchedEarly.add(server);
  return true;
}

function extend(present: Disabling, next: Disabling): Disabling {
  return { ...next, atMs: present.atMs, reason: next.reason === '' ? present.reason : next.reason };
}

function isSameDisabling(present: Disabling, next: Disabling): boolean {
  if (next.isAutomatic) return true;
  return present.isAutomatic !== true && present.untilMs === next.untilMs;
}

/** The servers whose time is over. */
export function findExpired(state: SwitchState, nowMs: EpochMs): readonly string[] {
  return [...state.disabled.values()]
    .filter(({ untilMs }) => untilMs !== undefined && untilMs <= nowMs)
    .map(({ server }) => server);
}

/** When the next server is to be enabled; `undefined` if none is. */
export function nextExpiryMs(state: SwitchState): EpochMs | undefined {
  const ends = [...state.disabled.values()].flatMap(({ untilMs }) => untilMs ?? []);
  return ends.toSorted((a, b) => a - b)[0];
}

/** @returns whether that changed anything */
export function enableServer(state: SwitchState, server: string): boolean {
  if (!state.disabled.delete(server)) return false;
  if (!state.hasRead) state.switchedEarly.add(server);
  return true;
}

/**
 * Takes what the store holds, once; servers that are no longer configured are left out.
 * @returns the servers that are disabled because of it
 */
export function takeKept(state: SwitchState, kept: readonly Disabling[]): readonly string[] {
  if (state.hasRead) return [];
  state.hasRead = true;
  const found = kept.filter(
    ({ server }) => !state.switchedEarly.has(server) && state.configured?.has(server) !== false,
  );
  state.switchedEarly.clear();
  for (const disabling of found) state.disabled.set(disabling.server, disabling);
  return found.map(({ server }) => server);
}

/**
 * Forgets servers that are not configured.
 * @returns whether there were any
 */
export function retainServers(state: SwitchState, servers: readonly string[]): boolean {
  const configured = new Set(servers);
  state.configured = configured;
  const gone = [...state.disabled.keys()].filter((server) => !configured.has(server));
  for (const server of gone) state.disabled.delete(server);
  return gone.length > 0;
}
