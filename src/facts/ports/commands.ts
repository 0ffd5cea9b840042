/** What people and other programs can request. Each command answers with its result. */
import type { ActionTaken } from '../alert-event.ts';
import type { CheckReport } from '../check-report.ts';
import type { Switched } from '../disabling.ts';
import type { MaintenanceWindow } from '../maintenance.ts';
import type { EpochMs } from '../time.ts';
import type { Received } from './alert-store.ts';

export interface CheckCommands {
  /** `undefined` for a server that is unknown, disabled or cannot be checked. */
  checkNow(name: string, options: { readonly deep: boolean }): Promise<CheckReport | undefined>;
}

export interface RestartCommands {
  /**
   * Ends the child processes of a stdio server, those of the checks and those of the clients' sessions, and starts the first
   * anew with a check.
   * @returns its report; `undefined` for a server that is unknown, disabled or not a stdio server
   */
  restart(name: string): Promise<CheckReport | undefined>;
}

export interface SwitchOrder {
  readonly by: string;
  /** May be empty. */
  readonly reason: string;
}

export interface DisableOrder extends SwitchOrder {
  /** When the server is enabled by itself; never if absent. */
  readonly untilMs?: EpochMs;
}

/** Takes servers out of service and back. Neither rejects. */
export interface SwitchCommands {
  disable(server: string, order: DisableOrder): Promise<Switched>;
  enable(server: string, order: SwitchOrder): Promise<Switched>;
}

/** Maintenance windows that are kept in the journal. Both reject, and change nothing, if they cannot be stored. */
export interface MaintenanceCommands {
  /** @returns the window with its id */
  plan(window: Omit<MaintenanceWindow, 'id' | 'source'>): Promise<MaintenanceWindow>;
  /**
   * Ends and forgets a window; those of the configuration are left alone.
   * @returns what it was; `undefined` if there is none with this id
   */
  cancel(id: string, order: SwitchOrder): Promise<MaintenanceWindow | undefined>;
}

export interface AlertCommands {
  /** Accepts one of Alertmanager's notifications. Rejects if it cannot be stored. */
  receive(payload: unknown): Promise<Received>;
  /** @returns whether there is such an alert. Rejects if it cannot be stored. */
  addNote(note: {
    readonly id: number;
    readonly by: string;
    readonly text: string;
  }): Promise<boolean>;
  noteAction(action: Omit<ActionTaken, 'fact' | 'atMs' | 'alertId'>): void;
}

export interface ReloadResult {
  readonly ok: boolean;
  readonly detail: string;
}

export interface ReloadCommands {
  reload(): Promise<ReloadResult>;
}
