import type { ActionTaken, AlertEvent } from '../../facts/alert-event.ts';
import type { Fact } from '../../facts/facts.ts';
import type { JsonObject } from '../../facts/json-object.ts';
import type { ServerView } from '../../facts/ports/server-view.ts';
import type { ProbeObservation } from '../../facts/probe-facts.ts';
import { severityOfStatus } from '../../facts/rules/status-severity.ts';
import type { MaintenanceChanged, StatusChanged } from '../../facts/server-facts.ts';

/** A server-sent event. */
export interface StreamEvent {
  readonly name: string;
  readonly data: JsonObject;
  /** Of no use later: a listener that comes back does not get it. */
  readonly isTransient?: true;
}

/** A server as it is at the moment of a fact; `undefined` if it is no longer configured. */
export type DescribeServer = (
  server: string,
) => Pick<ServerView, 'consecutiveFailures' | 'responseTimeMs' | 'snapshot'> | undefined;

/** Servers' texts are JSON strings here, so that a line break of theirs cannot end the event. */
export function formatEvent({ name, data }: StreamEvent, id: string): string {
  return `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** What listeners are told about a fact; `undefined` if it is no news for the pages. */
export function eventOfFact(fact: Fact, describe: DescribeServer): StreamEvent | undefined {
  switch (fact.fact) {
    case 'probe':
      return checkEvent(fact);
    case 'status':
      return statusEvent(fact, describe(fact.server));
    case 'definitions':
      return { name: 'definitions', data: { server: fact.server, changes: fact.changes.length } };
    case 'server_added':
      return { name: 'added', data: { server: fact.server.name } };
    case 'server_removed':
      return { name: 'removed', data: { server: fact.server } };
    case 'reload':
      return { name: 'reload', data: { ok: fact.ok } };
    case 'alert':
      return alertEvent(fact);
    case 'action':
      return actionEvent(fact);
    case 'maintenance':
      return maintenanceEvent(fact);
    case 'connectivity':
      return { name: 'connectivity', data: { suspected: fact.suspected } };
    case 'lateness':
      return { name: 'lateness', data: { late: fact.isLate, detail: fact.detail } };
    // Children and traffic do not show on the pages that listen.
    default:
      return undefined;
  }
}

function instant(atMs: number): string {
  return new Date(atMs).toISOString();
}

function checkEvent({ server, report, status }: ProbeObservation): StreamEvent {
  return {
    name: 'check',
    isTransient: true,
    data: {
      server,
      kind: report.kind,
      outcome: report.outcome,
      status,
      started_at: instant(report.startedAtMs),
      duration_seconds: report.durationMs / 1_000,
    },
  };
}

function statusEvent(
  { server, from, to, reason, atMs }: StatusChanged,
  view: ReturnType<DescribeServer>,
): StreamEvent {
  return {
    name: 'status',
    data: {
      server,
      old_status: from,
      new_status: to,
      reason,
      severity: severityOfStatus(to),
      at: instant(atMs),
      tool_count: view?.snapshot?.lists.tools?.definitions.length,
      response_time_ms: view?.responseTimeMs,
      error_count: view?.consecutiveFailures,
    },
  };
}

function alertEvent(alert: AlertEvent): StreamEvent {
  return {
    name: 'alert',
    data: {
      fingerprint: alert.fingerprint,
      alertname: alert.alertname,
      status: alert.status,
      server: alert.labels['server'],
      severity: alert.labels['severity'],
      started_at: instant(alert.startsAtMs),
      ended_at: alert.endsAtMs && instant(alert.endsAtMs),
    },
  };
}

/** Who did it and why is in the journal, for those who may read that. */
function actionEvent({ kind, server, alertId, atMs, untilMs, text }: ActionTaken): StreamEvent {
  const isAutomatic = kind === 'auto_disable';
  return {
    name: isAutomatic ? 'mcp_auto_disabled' : 'action',
    data: {
      kind,
      server: server || undefined,
      alert_id: alertId,
      reason: isAutomatic ? text : undefined,
      at: instant(atMs),
      until: untilMs && instant(untilMs),
    },
  };
}

function maintenanceEvent({ server, isActive, atMs, untilMs }: MaintenanceChanged): StreamEvent {
  return {
    name: 'maintenance',
    data: {
      server,
      active: isActive,
      at: instant(atMs),
      until: untilMs && instant(untilMs),
    },
  };
}
