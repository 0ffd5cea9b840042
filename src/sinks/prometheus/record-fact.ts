import type { CallRecord } from '../../facts/call-record.ts';
import type { ConfigReloaded } from '../../facts/config-facts.ts';
import type { MarkerSaved } from '../../facts/event-log.ts';
import type { Fact } from '../../facts/facts.ts';
import type { ConnectivityChanged, ProbeObservation } from '../../facts/probe-facts.ts';
import { UNKNOWN_SERVER } from '../../facts/rules/call-labels.ts';
import type { Recorders } from './create-recorders.ts';

/** Hands a fact to the recorders that count it. Facts about servers that were removed meanwhile are ignored. */
export function recordFact(fact: Fact, recorders: Recorders): void {
  const { fleet, users, alerts } = recorders;
  switch (fact.fact) {
    case 'call':
      recordCall(fact, recorders);
      return;
    case 'upstream_request':
      fleet.find(fact.server)?.gateway?.upstreamRequest();
      return;
    case 'server_added':
      fleet.add(fact);
      return;
    case 'server_changed':
      fleet.change(fact);
      return;
    case 'server_removed':
      fleet.remove(fact.server);
      return;
    case 'connectivity':
    case 'marker':
    case 'reload':
      recordOfService(fact, recorders);
      return;
    case 'probe':
      recordProbe(fact, recorders);
      return;
    case 'alert':
      alerts.notified(fact);
      return;
    // The histogram of the lag has lateness; maintenance is a view; what people did is in the journal and the log.
    case 'lateness':
    case 'definitions_read':
    case 'maintenance':
    case 'action':
    case 'disabling':
      return;
    case 'auth':
      users?.attempted(fact);
      return;
    case 'rate_limit':
      users?.rateLimited(fact);
      return;
    case 'session':
      fleet.find(fact.server)?.gateway?.sessionEnded(fact);
      return;
    case 'tools_listed':
      fleet.find(fact.server)?.gateway?.toolsListed(fact.names);
      return;
    case 'disagreement':
      fleet.find(fact.server)?.gateway?.disagrees(fact.disagrees);
      return;
    case 'status':
    case 'definitions':
    case 'child_start':
    case 'child_exit':
      fleet.find(fact.server)?.series.record(fact);
  }
}

function recordCall(call: CallRecord, { fleet, unknownServers }: Recorders): void {
  if (call.server === UNKNOWN_SERVER) unknownServers?.recorder.record(call, '');
  else fleet.find(call.server)?.gateway?.record(call);
}

function recordOfService(
  fact: ConfigReloaded | ConnectivityChanged | MarkerSaved,
  { self, alerts }: Recorders,
): void {
  if (fact.fact === 'connectivity') self.connectivityChanged(fact);
  else if (fact.fact === 'marker') self.marked(fact.marker);
  else {
    self.reloaded(fact);
    if (fact.alertNames) alerts.defined(fact.alertNames);
  }
}

function recordProbe(fact: ProbeObservation, { fleet, self }: Recorders): void {
  self.checkEnded(Math.max(fact.lagMs, fact.report.lateMs ?? 0));
  const member = fleet.find(fact.server);
  member?.series.record(fact);
  if (fact.report.snapshot) member?.gateway?.snapshot(fact.report.snapshot);
}
