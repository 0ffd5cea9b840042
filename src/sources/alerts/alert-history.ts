import { type ActionTaken, type AlertEvent, WATCHDOG } from '../../facts/alert-event.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import { parseNotification } from './parse-notification.ts';
import type {
  AlertFilter,
  AlertRecord,
  AlertStore,
  Received,
} from '../../facts/ports/alert-store.ts';
import type { ActionOnAlert } from '../../facts/ports/commands.ts';
import type { EpochMs } from '../../facts/time.ts';

export interface AlertHistory {
  /** Takes one of Alertmanager's notifications; resolves when it is committed. Rejects if it cannot be stored. */
  receive(payload: unknown): Promise<Received>;
  /** Newest first. Rejects if the store does not answer. */
  find(filter: AlertFilter): Promise<readonly AlertRecord[]>;
  /** @returns whether there is such an alert. Rejects if the action cannot be stored. */
  addAction(action: ActionOnAlert): Promise<boolean>;
  /** Publishes what was done; the journal stores it later. */
  noteAction(action: Omit<ActionTaken, 'fact' | 'atMs' | 'alertId'>): void;
  /** Time of the last heartbeat; `undefined` before the first. */
  watchdogHeardAtMs(): EpochMs | undefined;
}

export interface AlertHistoryOptions {
  readonly clock: Clock;
  readonly store: AlertStore;
  readonly publish: (fact: AlertEvent | ActionTaken) => void;
}

/** One history of what Alertmanager reports about alerts and what people do about them. */
export function createAlertHistory({ clock, store, publish }: AlertHistoryOptions): AlertHistory {
  let heardAtMs: EpochMs | undefined;

  function hearWatchdog(): void {
    heardAtMs = clock.nowMs();
    store.noteWatchdog(heardAtMs);
  }

  return {
    async receive(payload) {
      const parsed = parseNotification(payload, clock.nowMs());
      if (!parsed.ok) return parsed;
      const { alerts, problems } = parsed;
      const kept = alerts.filter(({ alertname }) => alertname !== WATCHDOG);
      if (alerts.some(({ alertname, status }) => alertname === WATCHDOG && status === 'firing'))
        hearWatchdog();
      // Stored before it is published and acknowledged, so that every acknowledged notification is in the history.
      if (kept.length > 0 && !store.isOff) await store.saveAlerts(kept);
      for (const event of alerts) publish(event);
      return { ok: true, alerts: alerts.length, problems, isKept: !store.isOff };
    },
    find: (filter) => store.findAlerts(filter),
    async addAction({ id, ...action }) {
      const [alert] = await store.findAlerts({ id, limit: 1 });
      if (!alert) return false;
      const atMs = clock.nowMs();
      const taken = { fact: 'action', server: alert.server, alertId: id, atMs, ...action } as const;
      const isSaved = await store.saveNote(taken);
      if (isSaved) publish(taken);
      return isSaved;
    },
    noteAction: (action) => publish({ fact: 'action', atMs: clock.nowMs(), ...action }),
    watchdogHeardAtMs: () => heardAtMs ?? store.watchdogAtMs(),
  };
}
