import type { ActionTaken } from '../../facts/alert-event.ts';
import type { Fact } from '../../facts/facts.ts';
import type { MaintenanceChanged } from '../../facts/server-facts.ts';

/** A server-sent event. */
export interface StreamEvent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Servers' texts are JSON strings here, so that a line break of theirs cannot end the event. */
export function formatEvent({ name, data }: StreamEvent): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** What listeners are told about a fact; `undefined` if it is no news for the pages. */
export function eventOfFact(fact: Fact): StreamEvent | undefined {
  switch (fact.fact) {
    case 'probe':
      return {
        name: 'check',
        data: {
          server: fact.server,
          kind: fact.report.kind,
          outcome: fact.report.outcome,
          status: fact.status,
          started_at: new Date(fact.report.startedAtMs).toISOString(),
          duration_seconds: fact.report.durationMs / 1_000,
        },
      };
    case 'status':
      return {
        name: 'status',
        data: {
          server: fact.server,
          from: fact.from,
          to: fact.to,
          reason: fact.reason,
          at: new Date(fact.atMs).toISOString(),
        },
      };
    case 'definitions':
      return { name: 'definitions', data: { server: fact.server, changes: fact.changes.length } };
    case 'server_added':
      return { name: 'added', data: { server: fact.server.name } };
    case 'server_removed':
      return { name: 'removed', data: { server: fact.server } };
    case 'reload':
      return { name: 'reload', data: { ok: fact.ok } };
    case 'alert':
      return {
        name: 'alert',
        data: {
          alertname: fact.alertname,
          status: fact.status,
          server: fact.labels['server'],
          severity: fact.labels['severity'],
          started_at: new Date(fact.startsAtMs).toISOString(),
        },
      };
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

/** Who did it and why is in the journal, for those who may read that. */
function actionEvent({ kind, server, alertId }: ActionTaken): StreamEvent {
  return {
    name: kind === 'auto_disable' ? 'mcp_auto_disabled' : 'action',
    data: { kind, server, alert_id: alertId },
  };
}

function maintenanceEvent({ server, isActive, atMs, untilMs }: MaintenanceChanged): StreamEvent {
  return {
    name: 'maintenance',
    data: {
      server,
      active: isActive,
      at: new Date(atMs).toISOString(),
      ...(untilMs !== undefined && { until: new Date(untilMs).toISOString() }),
    },
  };
}
