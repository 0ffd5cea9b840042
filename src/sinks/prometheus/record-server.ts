import { CAPABILITY_KINDS, type CapabilitySnapshot } from '../../facts/capability-snapshot.ts';
import type { ServerIdentity } from '../../facts/check-report.ts';
import type { DefinitionsChanged, StatusChanged } from '../../facts/server-facts.ts';
import { type Status, STATUSES } from '../../facts/rules/health.ts';
import type { StatusReason } from '../../facts/rules/status-reason.ts';
import { endpointLabel, expectedTransport, type ServerSpec } from '../../facts/server.ts';
import type { WireLabel } from '../../catalog/self.ts';
import {
  serverCapabilities,
  serverDefinitionChanges,
  serverInfo,
  serverListBytes,
  serverListTtl,
  serverMaintenance,
  serverResponseTime,
  serverStatus,
  serverStatusChanges,
  serverStatusCode,
  serverStatusReason,
  serverStatusSince,
  serverUp,
} from '../../catalog/server.ts';
import { boundLabelValue } from './bound-label-value.ts';
import type { Families, LabelSet } from './create-families.ts';
import { createLabelSets } from './label-sets.ts';

const SERVING: ReadonlySet<Status> = new Set(['healthy', 'warning', 'critical']);

export interface ServerRecorder {
  status(status: Status): void;
  statusChanged(fact: StatusChanged): void;
  identity(identity: ServerIdentity): void;
  responseTime(responseTimeMs: number | undefined): void;
  statusReason(reason: StatusReason | undefined): void;
  maintenance(isActive: boolean): void;
  snapshot(snapshot: CapabilitySnapshot): void;
  definitionsChanged(fact: DefinitionsChanged): void;
  /** Settings changed: the address is a label. */
  changed(server: ServerSpec): void;
  /** Removes the series whose label values are not in the closed lists. */
  remove(): void;
}

/** Fills the `mcp_server_*` families of one server. `onShortened` is called for each label value of the server that was cut. */
export function createServerRecorder(
  families: Families,
  server: ServerSpec,
  initialStatus: Status,
  onShortened: (label: WireLabel) => void,
): ServerRecorder {
  const own = { server: server.name };
  const setStatus = createStatusSetter(families, server.name);
  const info = createInfoSeries(families, server, onShortened);
  const byKind = createLabelSets(server.name, 'kind', CAPABILITY_KINDS);
  setStatus(initialStatus);

  return {
    status: setStatus,
    statusChanged(fact) {
      setStatus(fact.to);
      families.counter(serverStatusChanges).inc({ ...own, to: fact.to });
      families.gauge(serverStatusSince).set(own, fact.atMs / 1000);
    },
    identity: info.update,
    responseTime(responseTimeMs) {
      const gauge = families.gauge(serverResponseTime);
      if (responseTimeMs === undefined) gauge.remove(own);
      else gauge.set(own, responseTimeMs / 1000);
    },
    statusReason: createReasonSetter(families, server.name),
    maintenance: (isActive) => families.gauge(serverMaintenance).set(own, isActive ? 1 : 0),
    snapshot(snapshot) {
      for (const kind of CAPABILITY_KINDS) {
        const list = snapshot.lists[kind];
        families.gauge(serverCapabilities).set(byKind[kind], list?.definitions.length ?? 0);
        families.gauge(serverListBytes).set(byKind[kind], list?.bytes ?? 0);
        const ttl = families.gauge(serverListTtl);
        if (list?.ttlMs === undefined) ttl.remove(byKind[kind]);
        else ttl.set(byKind[kind], list.ttlMs / 1000);
      }
    },
    definitionsChanged(fact) {
      const changes = families.counter(serverDefinitionChanges);
      for (const { kind, change } of fact.changes) changes.inc({ ...own, kind, change });
    },
    changed: info.changed,
    remove: info.remove,
  };
}

function createStatusSetter(families: Families, server: string): (status: Status) => void {
  const own = { server };
  const up = families.gauge(serverUp);
  const statusSet = families.gauge(serverStatus);
  const statusCode = families.gauge(serverStatusCode);
  const byStatus = createLabelSets(server, 'status', STATUSES);
  return (status) => {
    up.set(own, SERVING.has(status) ? 1 : 0);
    statusCode.set(own, STATUSES.indexOf(status));
    for (const candidate of STATUSES)
      statusSet.set(byStatus[candidate], candidate === status ? 1 : 0);
  };
}

/** `mcp_server_status_reason`: one series, replaced when the reason is another. */
function createReasonSetter(
  families: Families,
  server: string,
): (reason: StatusReason | undefined) => void {
  const gauge = families.gauge(serverStatusReason);
  let last: StatusReason | undefined;
  return (reason) => {
    if (reason === last) return;
    if (last !== undefined) gauge.remove({ server, reason: last });
    if (reason !== undefined) gauge.set({ server, reason }, 1);
    last = reason;
  };
}

/** `mcp_server_info`: one series, replaced when the server identifies itself differently. */
function createInfoSeries(
  families: Families,
  server: ServerSpec,
  onShortened: (label: WireLabel) => void,
): {
  update(identity: ServerIdentity): void;
  changed(server: ServerSpec): void;
  remove(): void;
} {
  const info = families.gauge(serverInfo);
  let labels: LabelSet = {
    server: server.name,
    endpoint: endpointLabel(server),
    transport: expectedTransport(server.target),
    era: '',
    protocol_version: '',
    implementation: '',
    version: '',
  };
  let last: ServerIdentity | undefined;
  info.set(labels, 1);

  function bound(label: WireLabel, value: string): string {
    const bounded = boundLabelValue(value);
    if (bounded !== value) onShortened(label);
    return bounded;
  }

  return {
    update(identity) {
      // Nearly every check returns the same identity.
      if (last && isSameIdentity(last, identity)) return;
      last = identity;
      info.remove(labels);
      labels = {
        ...labels,
        transport: identity.transport,
        era: identity.era,
        protocol_version: bound('protocol_version', identity.protocolVersion),
        implementation: bound('implementation', identity.implementation),
        version: bound('version', identity.version),
      };
      info.set(labels, 1);
    },
    changed(current) {
      const endpoint = endpointLabel(current);
      if (endpoint === labels['endpoint']) return;
      info.remove(labels);
      labels = { ...labels, endpoint };
      info.set(labels, 1);
    },
    remove() {
      info.remove(labels);
    },
  };
}

function isSameIdentity(a: ServerIdentity, b: ServerIdentity): boolean {
  return (
    a.transport === b.transport &&
    a.era === b.era &&
    a.protocolVersion === b.protocolVersion &&
    a.implementation === b.implementation &&
    a.version === b.version
  );
}
