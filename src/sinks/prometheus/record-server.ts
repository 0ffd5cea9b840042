import { CAPABILITY_KINDS, type CapabilitySnapshot } from '../../facts/capability-snapshot.ts';
import type { ServerIdentity } from '../../facts/check-report.ts';
import type { DefinitionsChanged, StatusChanged } from '../../facts/server-facts.ts';
import { type Status, STATUSES } from '../../facts/rules/health.ts';
import { endpointLabel, expectedTransport, type ServerSpec } from '../../facts/server.ts';
import type { WireLabel } from '../../catalog/self.ts';
import {
  serverCapabilities,
  serverDefinitionChanges,
  serverInfo,
  serverListBytes,
  serverListTtl,
  serverStatus,
  serverStatusChanges,
  serverStatusCode,
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
  snapshot(snapshot: CapabilitySnapshot): void;
  definitionsChanged(fact: DefinitionsChanged): void;
  /** Takes away what the closed lists do not cover. */
  remove(): void;
}

/** Fills the `mcp_server_*` families of one server. `onShortened` hears of each value from the wire that was cut. */
export function createServerRecorder(
  families: Families,
  server: ServerSpec,
  initialStatus: Status,
  onShortened: (label: WireLabel) => void,
): ServerRecorder {
  const { name } = server;
  const own = { server: name };
  const up = families.gauge(serverUp);
  const statusSet = families.gauge(serverStatus);
  const statusCode = families.gauge(serverStatusCode);
  const info = families.gauge(serverInfo);
  const byStatus = createLabelSets(name, 'status', STATUSES);
  const byKind = createLabelSets(name, 'kind', CAPABILITY_KINDS);

  let infoLabels: LabelSet = {
    ...own,
    endpoint: endpointLabel(server),
    transport: expectedTransport(server.target),
    era: '',
    protocol_version: '',
    implementation: '',
    version: '',
  };
  info.set(infoLabels, 1);
  setStatus(initialStatus);

  function setStatus(status: Status): void {
    up.set(own, SERVING.has(status) ? 1 : 0);
    statusCode.set(own, STATUSES.indexOf(status));
    for (const candidate of STATUSES) {
      statusSet.set(byStatus[candidate], candidate === status ? 1 : 0);
    }
  }

  function bound(label: WireLabel, value: string): string {
    const bounded = boundLabelValue(value);
    if (bounded !== value) onShortened(label);
    return bounded;
  }

  let lastIdentity: ServerIdentity | undefined;

  return {
    status: setStatus,
    statusChanged(fact) {
      setStatus(fact.to);
      families.counter(serverStatusChanges).inc({ server: name, to: fact.to });
      families.gauge(serverStatusSince).set(own, fact.atMs / 1000);
    },
    identity(identity) {
      // Nearly every check says the same again.
      if (lastIdentity && isSameIdentity(lastIdentity, identity)) return;
      lastIdentity = identity;
      info.remove(infoLabels);
      infoLabels = {
        ...infoLabels,
        transport: identity.transport,
        era: identity.era,
        protocol_version: bound('protocol_version', identity.protocolVersion),
        implementation: bound('implementation', identity.implementation),
        version: bound('version', identity.version),
      };
      info.set(infoLabels, 1);
    },
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
      for (const { kind, change } of fact.changes) changes.inc({ server: name, kind, change });
    },
    remove() {
      info.remove(infoLabels);
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
