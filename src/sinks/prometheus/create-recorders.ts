import process from 'node:process';
import type { Registry } from 'prom-client';
import { GLOBAL_METRICS, METRICS_PAGE, selectMetrics } from '../../catalog/catalog.ts';
import { requestDuration, requestErrors, requests } from '../../catalog/gateway.ts';
import type { Metric } from '../../catalog/metric.ts';
import { userCost } from '../../catalog/usage.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import { UNKNOWN_SERVER } from '../../facts/rules/call-labels.ts';
import { createFamilies } from './create-families.ts';
import { createFleetSeries, type FleetSeries } from './fleet-series.ts';
import { type AlertsRecorder, createAlertsRecorder } from './record-alerts.ts';
import { createRequestRecorder, type RequestRecorder } from './record-requests.ts';
import { createSelfRecorder, type SelfRecorder } from './record-self.ts';
import { createUsersRecorder, type UsersRecorder } from './record-users.ts';

export interface RecorderOptions {
  readonly clock: Clock;
  /** Of the exporter. */
  readonly version: string;
  readonly nodeVersion?: string;
  /** Whether the gateway is enabled: without it no server has traffic metrics. */
  readonly gateway?: boolean;
  /** Whether the latency of calls is broken down by tool; `true` by default. */
  readonly toolHistogram?: boolean;
  /** Adds the histograms of the OpenTelemetry conventions. */
  readonly otelHistograms?: boolean;
}

/** Everything that turns facts into series. */
export interface Recorders {
  /** The metrics of the page, in its order. */
  readonly shown: readonly Metric[];
  readonly self: SelfRecorder;
  readonly alerts: AlertsRecorder;
  /** `undefined` without the gateway. */
  readonly users: UsersRecorder | undefined;
  /** Requests to names that are not configured: they count too, but not under their names. */
  readonly unknownServers:
    { readonly registry: Registry; readonly recorder: RequestRecorder } | undefined;
  readonly fleet: FleetSeries;
  /** Registry of what exists once. */
  readonly registry: Registry;
}

export function createRecorders(options: RecorderOptions): Recorders {
  const parts = {
    gateway: options.gateway === true,
    otelHistograms: options.otelHistograms === true,
  };
  const shown = selectMetrics(METRICS_PAGE, parts);
  const global = createFamilies(selectMetrics(GLOBAL_METRICS, parts));
  const self = createSelfRecorder({
    families: global,
    shown,
    version: options.version,
    nodeVersion: options.nodeVersion ?? process.version,
    startedAtMs: options.clock.nowMs(),
  });
  const users = parts.gateway
    ? createUsersRecorder(global, self.foldings(userCost, 'user'))
    : undefined;
  return {
    shown,
    self,
    alerts: createAlertsRecorder(global),
    users,
    unknownServers: parts.gateway ? createUnknownServers(self) : undefined,
    fleet: createFleetSeries({
      ...parts,
      toolHistogram: options.toolHistogram !== false,
      foldings: self.foldings,
      onUserCharged: (userHash, costUsd) => users?.charged(userHash, costUsd),
      onUserSeen: (userHash, atMs) => users?.seen(userHash, atMs),
    }),
    registry: global.registry,
  };
}

function createUnknownServers(self: SelfRecorder): Recorders['unknownServers'] {
  const families = createFamilies([requests, requestErrors, requestDuration]);
  const recorder = createRequestRecorder({
    families,
    server: UNKNOWN_SERVER,
    toolHistogram: false,
    onOperationFolded: self.foldings(requests, 'operation'),
  });
  return { registry: families.registry, recorder };
}
