import type { ChildExited, ChildStarted } from '../../facts/child-facts.ts';
import type { DefinitionsChanged, ServerAdded, StatusChanged } from '../../facts/server-facts.ts';
import type { ProbeObservation } from '../../facts/probe-facts.ts';
import { PER_SERVER_METRICS } from '../../catalog/catalog.ts';
import type { WireLabel } from '../../catalog/self.ts';
import type { ProcessUsage } from '../../facts/ports/process-usage.ts';
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
  /** Takes every series of the server off the page. */
  remove(): void;
}

/** Servers that are reached by URL have no child process. */
const WITHOUT_PROCESS = PER_SERVER_METRICS.filter(({ area }) => area !== 'process');

/** Creates all series of one server, with zeros where zero is a true value, and keeps them up to date. */
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
  const recorders: ServerRecorders = {
    server: createServerRecorder(families, server, initialStatus, onShortened),
    probe: createProbeRecorder(families, server),
    process: isStdio ? createProcessRecorder(families, server) : undefined,
  };

  function labelSetsOf(metric: (typeof metrics)[number]) {
    return expandLabelSets(metric, { server: server.name });
  }

  return {
    record: (fact) => recordServerFact(recorders, fact),
    processUsage(usage) {
      recorders.process?.usage(usage);
    },
    remove() {
      recorders.server.remove();
      for (const metric of metrics) {
        for (const labels of labelSetsOf(metric)) families.remove(metric, labels);
      }
    },
  };
}

interface ServerRecorders {
  readonly server: ServerRecorder;
  readonly probe: ProbeRecorder;
  readonly process: ProcessRecorder | undefined;
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
