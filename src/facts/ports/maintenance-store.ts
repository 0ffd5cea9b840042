import type { MaintenanceWindow } from '../maintenance.ts';

/** Keeps the maintenance windows that were planned by the API. */
export interface MaintenanceStore {
  /** Whether nothing is kept at all. */
  readonly isOff: boolean;
  /** Rejects if the store does not answer. */
  findMaintenance(): Promise<readonly MaintenanceWindow[]>;
  /** Resolves when it is committed. */
  addMaintenance(window: MaintenanceWindow): Promise<void>;
  /** Resolves when that is committed; ids that are not kept are ignored. */
  removeMaintenance(ids: readonly string[]): Promise<void>;
}
