import type { ChildExited, ChildStarted } from '../../facts/child-facts.ts';
import type { DefinitionsChanged, ServerAdded, StatusChanged } from '../../facts/server-facts.ts';
import type { ProbeObservation } from '../../facts/probe-facts.ts';
import { PER_SERVER_METRICS } from '../../catalog/catalog.ts';
import type { Metric } from '../../catalog/metric.ts';
import type { WireLabel } from '../../catalog/self.ts';
import type { ProcessUsage } from '../../facts/ports/process-usage.ts';
import type { StatusReason } from '../../facts/rules/status-reason.ts';
import type { ServerSpec } from '../../facts/server.ts';
import type { Families } from './create-families.ts';
import { expandLabelSets } from './label-sets.ts';
import { createProbeRecorder, type ProbeRecorder } from './record-probe.ts';
import { createProcessRecorder, type ProcessRecorder } from './record-process.ts';
import { createServerRecorder, type ServerRecorder } from './record-server.ts';

/** The facts about one server that its series show. */
export type ServerFact =
  ProbeObservation | StatusChanged | DefinitionsChanged | ChildStarted | ChildExited;

export interface ServerSeries {
  record(fact: ServerFact): void;
  processUsage(usage: ProcessUsage | undefined): void;
  /** @param isReopened the child of a stdio server is replaced, and its CPU time begins at zero */
  changed(server: ServerSpec, isReopened: boolean): void;
  /** @param responseTimeMs `undefined` while it is not known */
  responseTime(responseTimeMs: number | undefined): void;
  statusReason(reason: StatusReason | undefined): void;
  maintenance(isActive: boolean): void;
  /** Takes every series of the server off the page. */
  remove(): void;
}

/** Only stdio servers have a child process. */
const OF_PROCESS = PER_SERVER_METRICS.filter(({ area }) => area === 'process');
const OF_EVERY_SERVER = PER_SERVER_METRICS.filter(({ area }) => area !== 'process');

/** Creates all series of one server, with zeros where zero is a true value, and keeps them up to date. */
export function createServerSeries(
  families: Families,
  { server, isDisabled = false }: Pick<ServerAdded, 'server' | 'isDisabled'>,
  onShortened: (label: WireLabel) => void,
): ServerSeries {
  zero(OF_EVERY_SERVER);
  const initialStatus = isDisabled || !server.monitor.enabled ? 'disabled' : 'unknown';
  const recorders: ServerRecorders = {
    server: createServerRecorder(families, server, initialStatus, onShortened),
    probe: createProbeRecorder(families, server),
    process: undefined,
  };
  watchProcess(server);

  function labelSetsOf(metric: Metric) {
    return expandLabelSets(metric, { server: server.name });
  }

  function zero(metrics: readonly Metric[]): void {
    for (const metric of metrics) {
      if (metric.absentUntilKnown) continue;
      for (const labels of labelSetsOf(metric)) families.zero(metric, labels);
    }
  }

  function watchProcess(current: ServerSpec): void {
    if (current.target.kind !== 'stdio' || recorders.process) return;
    zero(OF_PROCESS);
    recorders.process = createProcessRecorder(families, current);
  }

  return {
    record: (fact) => recordServerFact(recorders, fact),
    processUsage(usage) {
      recorders.process?.usage(usage);
    },
    changed(current, isReopened) {
      recorders.server.changed(current);
      if (isReopened) recorders.process?.forget();
      watchProcess(current);
    },
    responseTime: recorders.server.responseTime,
    statusReason: recorders.server.statusReason,
    maintenance: recorders.server.maintenance,
    remove() {
      recorders.server.remove();
      for (const metric of PER_SERVER_METRICS) {
        for (const labels of labelSetsOf(metric)) families.remove(metric, labels);
      }
    },
  };
}

interface ServerRecorders {
  readonly server: ServerRecorder;
  readonly probe: ProbeRecorder;
  process: ProcessRecorder | undefined;
}

function recordServerFact({ server, probe, process }: ServerRecorders, fact: ServerFact): void {
  switch (fact.fact) {
    case 'probe':
      probe.observe(fact);
      server.status(fact.status);
      if (fact.report.identity) server.identity(fact.report.identity);
      if (fact.report.snapshot) server.snapshot(fact.report.snapshot);
      return;
    case 'status':
      server.statusChanged(fact);
      if (fact.to === 'disabled') {
        probe.forget();
        process?.forget();
      }
      return;
    case 'definitions':
      server.definitionsChanged(fact);
      return;
    case 'child_start':
      process?.started(fact);
      return;
    case 'child_exit':
      process?.exited(fact);
  }
}
