import type { Fact } from '../../facts/facts.ts';
import type { ServerAdded } from '../../facts/server-facts.ts';
import { PER_SERVER_METRICS } from '../../catalog/catalog.ts';
import type { WireLabel } from '../../catalog/self.ts';
import type { ProcessUsage } from '../../facts/ports/process-usage.ts';
import type { Families } from './create-families.ts';
import { expandLabelSets } from './label-sets.ts';
import { createProbeRecorder } from './record-probe.ts';
import { createProcessRecorder } from './record-process.ts';
import { createServerRecorder } from './record-server.ts';

export interface ServerSeries {
  record(fact: Fact): void;
  processUsage(usage: ProcessUsage | undefined): void;
  /** Takes every series of the server off the page. */
  remove(): void;
}

/** Servers that are reached by URL have no child process. */
const WITHOUT_PROCESS = PER_SERVER_METRICS.filter(({ area }) => area !== 'process');

/** Makes all series of one server, with zeros where a zero is true, and keeps them up to date. */
export function createServerSeries(
  families: Families,
  { server, isDisabled = false }: Pick<ServerAdded, 'server' | 'isDisabled'>,
  onShortened: (label: WireLabel) => void,
): ServerSeries {
  const isStdio = server.target.kind === 'stdio';
  const metrics = isStdio ? PER_SERVER_METRICS : WITHOUT_PROCESS;
  for (const metric of metrics) {
    if (metric.absentUntilKnown) continue;
    for (const labels of labelSetsOf(metric)) families.zero(metric, labels);
  }
  const initialStatus = isDisabled || !server.monitor.enabled ? 'disabled' : 'unknown';
  const serverRecorder = createServerRecorder(families, server, initialStatus, onShortened);
  const probeRecorder = createProbeRecorder(families, server);
  const processRecorder = isStdio ? createProcessRecorder(families, server) : undefined;

  function labelSetsOf(metric: (typeof metrics)[number]) {
    return expandLabelSets(metric, { server: server.name });
  }

  return {
    record(fact) {
      switch (fact.fact) {
        case 'probe':
          probeRecorder.observe(fact);
          serverRecorder.status(fact.status);
          if (fact.report.identity) serverRecorder.identity(fact.report.identity);
          if (fact.report.snapshot) serverRecorder.snapshot(fact.report.snapshot);
          return;
        case 'status':
          serverRecorder.statusChanged(fact);
          if (fact.to === 'disabled') {
            probeRecorder.forget();
            processRecorder?.forget();
          }
          return;
        case 'definitions':
          serverRecorder.definitionsChanged(fact);
          return;
        case 'child_start':
          processRecorder?.started(fact);
          return;
        case 'child_exit':
          processRecorder?.exited(fact);
          return;
        case 'server_added':
        case 'server_removed':
        case 'connectivity':
        case 'reload':
        case 'call':
        case 'auth':
        case 'rate_limit':
        case 'session':
        case 'disagreement':
        case 'alert':
        case 'action':
          return;
      }
    },
    processUsage(usage) {
      processRecorder?.usage(usage);
    },
    remove() {
      serverRecorder.remove();
      for (const metric of metrics) {
        for (const labels of labelSetsOf(metric)) families.remove(metric, labels);
      }
    },
  };
}
