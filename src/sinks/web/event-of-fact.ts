import type { Fact } from '../../facts/facts.ts';

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
      return {
        name: 'action',
        data: { kind: fact.kind, server: fact.server, alert_id: fact.alertId },
      };
    case 'maintenance':
      return {
        name: 'maintenance',
        data: {
          server: fact.server,
          active: fact.isActive,
          reason: fact.reason,
          at: new Date(fact.atMs).toISOString(),
          ...(fact.untilMs !== undefined && { until: new Date(fact.untilMs).toISOString() }),
        },
      };
    case 'connectivity':
      return { name: 'connectivity', data: { suspected: fact.suspected } };
    case 'lateness':
      return { name: 'lateness', data: { late: fact.isLate, detail: fact.detail } };
    // Children and traffic do not show on the pages that listen.
    default:
      return undefined;
  }
}
