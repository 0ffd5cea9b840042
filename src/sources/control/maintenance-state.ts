import type {
  ActiveMaintenance,
  MaintenanceWindow,
  PlannedWindow,
} from '../../facts/maintenance.ts';
import { assessWindow } from '../../facts/rules/maintenance-time.ts';
import type { EpochMs } from '../../facts/time.ts';

/** Which windows there are. Plain data that the control changes in place. */
export interface MaintenanceState {
  /** By the API, by id. */
  readonly planned: Map<string, MaintenanceWindow>;
  configured: readonly MaintenanceWindow[];
  servers: readonly string[];
  /** As it was published, by server. */
  active: ReadonlyMap<string, ActiveMaintenance>;
  /** Whether the store was read. */
  hasRead: boolean;
}

export function createMaintenanceState(): MaintenanceState {
  return { planned: new Map(), configured: [], servers: [], active: new Map(), hasRead: false };
}

/** Windows that have not ended, those that begin first in front. */
export function listWindows(
  { configured, planned }: MaintenanceState,
  nowMs: EpochMs,
): readonly PlannedWindow[] {
  return [...configured, ...planned.values()]
    .flatMap((window) => assessWindow(window, nowMs) ?? [])
    .toSorted((a, b) => a.occurrence.startsAtMs - b.occurrence.startsAtMs);
}

/** Of several windows of a server, the one that ends last. */
export function findActive(
  windows: readonly PlannedWindow[],
  configured: readonly string[],
): ReadonlyMap<string, ActiveMaintenance> {
  const active = new Map<string, ActiveMaintenance>();
  const known = new Set(configured);
  for (const { window, occurrence, isActive } of windows) {
    if (!isActive) continue;
    const { by, reason } = window;
    const { startsAtMs: sinceMs, endsAtMs: untilMs } = occurrence;
    for (const server of window.servers ?? configured) {
      const longest = active.get(server);
      if (known.has(server) && (!longest || longest.untilMs < untilMs))
        active.set(server, { sinceMs, untilMs, by, reason });
    }
  }
  return active;
}

/** When the next window begins or ends; `undefined` if none does. */
export function nextChangeMs(windows: readonly PlannedWindow[]): EpochMs | undefined {
  const changes = windows.map(({ occurrence, isActive }) =>
    isActive ? occurrence.endsAtMs : occurrence.startsAtMs,
  );
  return changes.toSorted((a, b) => a - b)[0];
}

/** Ids of windows that were planned by the API and will not occur again. */
export function findEnded({ planned }: MaintenanceState, nowMs: EpochMs): readonly string[] {
  return [...planned.values()]
    .filter(({ time }) => time.kind === 'once' && time.endsAtMs <= nowMs)
    .map(({ id }) => id);
}

export function isSameMaintenance(
  one: ActiveMaintenance | undefined,
  other: ActiveMaintenance | undefined,
): boolean {
  return one?.untilMs === other?.untilMs && one?.by === other?.by && one?.reason === other?.reason;
}
