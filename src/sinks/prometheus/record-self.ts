import type { ConfigReloaded } from '../../facts/config-facts.ts';
import type { Marker } from '../../facts/event-log.ts';
import type { ConnectivityChanged } from '../../facts/probe-facts.ts';
import { GLOBAL_METRICS } from '../../catalog/catalog.ts';
import type { Metric } from '../../catalog/metric.ts';
import { probeScheduleLag } from '../../catalog/probe.ts';
import {
  buildInfo,
  configReloadSuccessful,
  configReloadTimestamp,
  connectivitySuspected,
  FOLDED_LABELS,
  labelOverflow,
  logDropped,
  markerTimestamp,
  otlpExportFailures,
  systemCpuPercent,
  systemCpuRatio,
  systemMemoryPercent,
  systemMemoryRatio,
} from '../../catalog/self.ts';
import { createBatchedCounter } from './batched-counter.ts';
import type { Families } from './create-families.ts';
import { expandLabelSets } from './label-sets.ts';
import { createRisingCounter } from './rising-counter.ts';
import type { SystemUsage } from './system-usage.ts';

export interface SelfRecorder {
  reloaded(fact: ConfigReloaded): void;
  marked(marker: Pick<Marker, 'kind' | 'atMs'>): void;
  connectivityChanged(fact: ConnectivityChanged): void;
  checkEnded(lagMs: number): void;
  /** A counter of the values that were folded or shortened for one label. */
  foldings(metric: Metric, label: string): () => void;
  /** Values that are read once per rendering. */
  usage(usage: SystemUsage, losses: Losses): void;
  /** Makes what was folded visible. */
  flush(): void;
}

/** Since the start. */
export interface Losses {
  readonly logLines: number;
  /** Exports to a collector. */
  readonly traceExports: number;
  readonly logExports: number;
}

export interface SelfRecorderOptions {
  /** The metrics of the page. */
  readonly shown: readonly Metric[];
  readonly families: Families;
  readonly version: string;
  readonly nodeVersion: string;
  /** When the configuration in force was read, Unix epoch. */
  readonly startedAtMs: number;
}

/** Fills what exists once: the exporter's own families and the lag of the schedule. */
export function createSelfRecorder(options: SelfRecorderOptions): SelfRecorder {
  const { families } = options;
  const shown = new Set(options.shown.map(({ name }) => name));
  const overflow = createBatchedCounter(families, labelOverflow);
  for (const { metric, label } of FOLDED_LABELS)
    if (shown.has(metric.name)) overflow.cell({ metric: metric.name, label });
  for (const metric of GLOBAL_METRICS) {
    if (!shown.has(metric.name) || metric.absentUntilKnown || metric === labelOverflow) continue;
    for (const labels of expandLabelSets(metric)) families.zero(metric, labels);
  }
  const lag = families.histogram(probeScheduleLag);
  families.gauge(buildInfo).set({ version: options.version, nodejs: options.nodeVersion }, 1);
  families.gauge(configReloadSuccessful).set(1);
  families.gauge(configReloadTimestamp).set(options.startedAtMs / 1000);
  const countLogLines = createRisingCounter((by) => families.counter(logDropped).inc(by));
  const exportFailures = families.counter(otlpExportFailures);
  const countTraceExports = createRisingCounter((by) =>
    exportFailures.inc({ signal: 'traces' }, by),
  );
  const countLogExports = createRisingCounter((by) => exportFailures.inc({ signal: 'logs' }, by));

  return {
    reloaded(fact) {
      families.gauge(configReloadSuccessful).set(fact.ok ? 1 : 0);
      if (!fact.ok) return;
      families.gauge(configReloadTimestamp).set(fact.atMs / 1000);
      families.gauge(markerTimestamp).set({ kind: 'config_change' }, fact.atMs / 1000);
    },
    marked({ kind, atMs }) {
      const label = kind === 'config' ? 'config_change' : kind;
      families.gauge(markerTimestamp).set({ kind: label }, atMs / 1000);
    },
    connectivityChanged(fact) {
      families.gauge(connectivitySuspected).set(fact.suspected ? 1 : 0);
    },
    checkEnded(lagMs) {
      lag.observe(lagMs / 1000);
    },
    foldings(metric, label) {
      const cell = overflow.cell({ metric: metric.name, label });
      return () => overflow.add(cell);
    },
    usage(usage, losses) {
      families.gauge(systemCpuRatio).set(usage.cpuRatio);
      families.gauge(systemCpuPercent).set(usage.cpuRatio * 100);
      families.gauge(systemMemoryRatio).set(usage.memoryRatio);
      families.gauge(systemMemoryPercent).set(usage.memoryRatio * 100);
      countLogLines(losses.logLines);
      countTraceExports(losses.traceExports);
      countLogExports(losses.logExports);
    },
    flush: overflow.flush,
  };
}
