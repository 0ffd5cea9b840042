/** What people and other programs can request. Each command answers with its result. */
import type { ActionKind, ActionTaken, TestSeverity } from '../alert-event.ts';
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

/** What somebody did about one alert of the history. */
export interface ActionOnAlert {
  /** Of the alert. */
  readonly id: number;
  readonly kind: ActionKind;
  readonly by: string;
  readonly text: string;
  /** When it ends by itself; absent if it does not. */
  readonly untilMs?: EpochMs;
}

export interface SilenceOrder {
  /** All labels of the alert, and so no other alert. */
  readonly labels: Readonly<Record<string, string>>;
  readonly untilMs: EpochMs;
  readonly by: string;
  readonly comment: string;
}

export interface TestAlertOrder {
  /** Unique. */
  readonly id: string;
  readonly severity: TestSeverity;
  readonly by: string;
}

/** What Alertmanager does with a test alert. */
export interface TestAlertRoute {
  readonly receivers: readonly string[];
  readonly isSilenced: boolean;
  readonly isInhibited: boolean;
  /** When the alert resolves by itself. */
  readonly endsAtMs: EpochMs;
}

/** What Alertmanager is asked for on request. Each rejects with a readable error if it does not answer or refuses. */
export interface AlertmanagerCommands {
  silenceAlert(order: SilenceOrder): Promise<void>;
  /** Ends the silences of exactly these labels, whoever set them. */
  endSilences(labels: SilenceOrder['labels']): Promise<void>;
  sendTestAlert(order: TestAlertOrder): Promise<TestAlertRoute>;
}

export interface AlertCommands {
  /** Accepts one of Alertmanager's notifications. Rejects if it cannot be stored. */
  receive(payload: unknown): Promise<Received>;
  /** @returns whether there is such an alert. Rejects if it cannot be stored. */
  addAction(action: ActionOnAlert): Promise<boolean>;
  noteAction(action: Omit<ActionTaken, 'fact' | 'atMs' | 'alertId'>): void;
}

export interface ReloadResult {
  readonly ok: boolean;
  readonly detail: string;
}

export interface ReloadCommands {
  reload(): Promise<ReloadResult>;
}
