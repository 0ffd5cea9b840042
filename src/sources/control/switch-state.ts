import type { Disabling } from '../../facts/disabling.ts';

/** Which servers are disabled manually. Plain data that the functions of this file change in place. */
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

/** @returns whether that changed anything */
export function disableServer(state: SwitchState, disabling: Disabling): boolean {
  const { server } = disabling;
  if (state.disabled.has(server)) return false;
  state.disabled.set(server, disabling);
  if (!state.hasRead) state.switchedEarly.add(server);
  return true;
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
