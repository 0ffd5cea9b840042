import type { ConfigReloaded, ConnectivityChanged } from '../../domain/facts.ts';
import { GLOBAL_METRICS } from '../../metrics/catalog.ts';
import { probeScheduleLag } from '../../metrics/probe.ts';
import {
  buildInfo,
  configReloadSuccessful,
  configReloadTimestamp,
  connectivitySuspected,
  labelOverflow,
  logDropped,
  markerTimestamp,
  systemCpuPercent,
  systemCpuRatio,
  systemMemoryPercent,
  systemMemoryRatio,
} from '../../metrics/self.ts';
import type { WireLabel } from '../../metrics/self.ts';
import { serverInfo } from '../../metrics/server.ts';
import type { Families } from './create-families.ts';
import { expandLabelSets } from './label-sets.ts';
import type { SystemUsage } from './system-usage.ts';

export interface SelfRecorder {
  reloaded(fact: ConfigReloaded): void;
  connectivityChanged(fact: ConnectivityChanged): void;
  checkStarted(lagMs: number): void;
  shortened(label: WireLabel): void;
  /** Values that are read when somebody looks. */
  usage(usage: SystemUsage, logLinesDropped: number): void;
}

export interface SelfRecorderOptions {
  readonly families: Families;
  readonly version: string;
  readonly nodeVersion: string;
  /** When the configuration in force was read, Unix epoch. */
  readonly startedAtMs: number;
}

/** Fills what exists once: the exporter's own families and the lag of the schedule. */
export function createSelfRecorder(options: SelfRecorderOptions): SelfRecorder {
  const { families } = options;
  for (const metric of GLOBAL_METRICS) {
    if (metric.absentUntilKnown) continue;
    for (const labels of expandLabelSets(metric)) families.zero(metric, labels);
  }
  const lag = families.histogram(probeScheduleLag);
  families.gauge(buildInfo).set({ version: options.version, nodejs: options.nodeVersion }, 1);
  families.gauge(configReloadSuccessful).set(1);
  families.gauge(configReloadTimestamp).set(options.startedAtMs / 1000);
  let countedLogLines = 0;

  return {
    reloaded(fact) {
      families.gauge(configReloadSuccessful).set(fact.ok ? 1 : 0);
      if (!fact.ok) return;
      families.gauge(configReloadTimestamp).set(fact.atMs / 1000);
      families.gauge(markerTimestamp).set({ kind: 'config_change' }, fact.atMs / 1000);
    },
    connectivityChanged(fact) {
      families.gauge(connectivitySuspected).set(fact.suspected ? 1 : 0);
    },
    checkStarted(lagMs) {
      lag.observe(lagMs / 1000);
    },
    shortened(label) {
      families.counter(labelOverflow).inc({ metric: serverInfo.name, label });
    },
    usage(usage, logLinesDropped) {
      families.gauge(systemCpuRatio).set(usage.cpuRatio);
      families.gauge(systemCpuPercent).set(usage.cpuRatio * 100);
      families.gauge(systemMemoryRatio).set(usage.memoryRatio);
      families.gauge(systemMemoryPercent).set(usage.memoryRatio * 100);
      families.counter(logDropped).inc(Math.max(0, logLinesDropped - countedLogLines));
      countedLogLines = Math.max(countedLogLines, logLinesDropped);
    },
  };
}
