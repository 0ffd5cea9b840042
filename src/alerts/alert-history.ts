import type { ActionTaken, AlertEvent } from '../domain/alert-event.ts';
import type { Clock } from '../domain/clock.ts';
import { parseNotification } from './parse-notification.ts';
import type { AlertFilter, AlertRecord, AlertStore } from './ports.ts';

/** Fires always; a pipeline that no longer delivers it is broken (docs/runbook.md). */
export const WATCHDOG = 'Watchdog';

export type Received =
  { readonly ok: true; readonly alerts: number } | { readonly ok: false; readonly problem: string };

export interface AlertHistory {
  /** Takes one of Alertmanager's notifications; resolves when it is committed. Rejects where it cannot be kept. */
  receive(payload: unknown): Promise<Received>;
  find(filter: AlertFilter): Promise<readonly AlertRecord[]>;
  act(action: Omit<ActionTaken, 'fact' | 'atMs'>): Promise<void>;
  /** Unix epoch milliseconds; nothing before the first. */
  watchdogHeardAtMs(): number | undefined;
}

export interface AlertHistoryOptions {
  readonly clock: Clock;
  readonly store: AlertStore;
  readonly onAlert: (event: AlertEvent) => void;
  readonly onAction: (action: ActionTaken) => void;
}

/** Pairs what Alertmanager says about an alert over time into one history. */
export function createAlertHistory({
  clock,
  store,
  onAlert,
  onAction,
}: AlertHistoryOptions): AlertHistory {
  let watchdogHeardAtMs: number | undefined;
  return {
    async receive(payload) {
      const parsed = parseNotification(payload, clock.nowMs());
      if (!parsed.ok) return parsed;
      const kept = parsed.alerts.filter(({ alertname }) => alertname !== WATCHDOG);
      // First the history, then the word: an acknowledged notification is in it.
      if (kept.length > 0) await store.saveAlerts(kept);
      for (const event of parsed.alerts) {
        if (event.alertname === WATCHDOG && event.status === 'firing')
          watchdogHeardAtMs = clock.nowMs();
        onAlert(event);
      }
      return { ok: true, alerts: parsed.alerts.length };
    },
    find: (filter) => store.findAlerts(filter),
    async act(action) {
      const taken: ActionTaken = { fact: 'action', atMs: clock.nowMs(), ...action };
      await store.saveAction(taken);
      onAction(taken);
    },
    watchdogHeardAtMs: () => watchdogHeardAtMs,
  };
}
