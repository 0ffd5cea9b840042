import { ALERT_STATES, type AlertEvent } from '../../facts/alert-event.ts';
import { OVERFLOW_LABEL } from '../../facts/rules/label-bound.ts';
import {
  alertNotifications,
  journalDropped,
  journalFree,
  journalRows,
  journalSize,
  journalUp,
  journalWriteErrors,
  watchdogLastReceived,
} from '../../catalog/alerts.ts';
import { KNOWN_ALERTS } from '../../catalog/known-alerts.ts';
import type { JournalUsage } from '../../facts/ports/views.ts';
import type { Families } from './create-families.ts';
import { createRisingCounter } from './rising-counter.ts';

export interface AlertsRecorder {
  notified(event: AlertEvent): void;
  /** These alerts of the configuration get a label value of their own. */
  defined(names: readonly string[]): void;
  journal(usage: JournalUsage): void;
  watchdog(heardAtMs: number | undefined): void;
}

/** Alerts of a configuration that get a label value of their own; far more than anybody defines. */
const OWN_ALERTS_MAX = 1_000;

/** Fills the metrics of Alertmanager's notifications and of the journal. */
export function createAlertsRecorder(families: Families): AlertsRecorder {
  const notifications = families.counter(alertNotifications);
  const names = new Set<string>();
  const countDropped = createRisingCounter((by) => families.counter(journalDropped).inc(by));
  const countErrors = createRisingCounter((by) => families.counter(journalWriteErrors).inc(by));

  function add(alertname: string): void {
    names.add(alertname);
    for (const status of ALERT_STATES) families.zero(alertNotifications, { alertname, status });
  }
  for (const name of [...KNOWN_ALERTS, OVERFLOW_LABEL]) add(name);

  return {
    notified({ alertname, status }) {
      notifications.inc({ alertname: names.has(alertname) ? alertname : OVERFLOW_LABEL, status });
    },
    defined(added) {
      for (const name of added) {
        if (!names.has(name) && names.size < KNOWN_ALERTS.length + OWN_ALERTS_MAX) add(name);
      }
    },
    journal({ isUp, rows, sizeBytes, freeBytes, dropped, writeErrors }) {
      if (isUp !== undefined) families.gauge(journalUp).set(isUp ? 1 : 0);
      for (const [kind, count] of Object.entries(rows))
        families.gauge(journalRows).set({ kind }, count);
      families.gauge(journalSize).set(sizeBytes);
      if (freeBytes !== undefined) families.gauge(journalFree).set(freeBytes);
      countDropped(dropped);
      countErrors(writeErrors);
    },
    watchdog(heardAtMs) {
      if (heardAtMs !== undefined) families.gauge(watchdogLastReceived).set(heardAtMs / 1000);
    },
  };
}
