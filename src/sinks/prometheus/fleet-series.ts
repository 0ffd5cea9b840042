import type { Registry } from 'prom-client';
import { PER_GATEWAY_SERVER_METRICS, selectMetrics } from '../../catalog/catalog.ts';
import { WIRE_LABELS, type WireLabel } from '../../catalog/self.ts';
import { serverInfo } from '../../catalog/server.ts';
import type { ServerAdded, ServerChanged } from '../../facts/server-facts.ts';
import type { ServerSpec } from '../../facts/server.ts';
import { createFamilies } from './create-families.ts';
import {
  createGatewaySeries,
  type GatewaySeries,
  type GatewaySeriesOptions,
} from './gateway-series.ts';
import type { SampleLabelling } from './render-page.ts';
import { createServerBanks } from './server-banks.ts';
import { createInfoLabels } from './info-labels.ts';
import { createServerSeries, type ServerSeries } from './server-series.ts';

export interface FleetSeriesOptions extends Pick<
  GatewaySeriesOptions,
  'toolHistogram' | 'otelHistograms' | 'foldings' | 'onUserCharged' | 'onUserSeen'
> {
  /** Whether the gateway is enabled: without it no server has traffic metrics. */
  readonly gateway: boolean;
}

/** All series of one server. */
export interface FleetMember {
  readonly series: ServerSeries;
  /** `undefined` if the server is not behind the gateway. */
  readonly gateway: GatewaySeries | undefined;
  readonly gatewayRegistry: Registry | undefined;
}

/** The series of all configured servers. */
export interface FleetSeries {
  add(added: ServerAdded): void;
  /** Counters go on; series whose labels changed are replaced. */
  change(changed: ServerChanged): void;
  remove(name: string): void;
  find(name: string): FleetMember | undefined;
  members(): Iterable<readonly [name: string, FleetMember]>;
  /** Registries with the series of several servers each. */
  sharedRegistries(): readonly Registry[];
  /** Grows with each server that is added, changed or removed. */
  changeCount(): number;
  /** Adds the labels of the configuration to the samples of a page, as they are now. */
  labelling(): SampleLabelling;
}

export function createFleetSeries(options: FleetSeriesOptions): FleetSeries {
  const { foldings } = options;
  const perGatewayServer = selectMetrics(PER_GATEWAY_SERVER_METRICS, options);
  const shortenings = Object.fromEntries(
    WIRE_LABELS.map((label) => [label, foldings(serverInfo, label)]),
  ) as Readonly<Record<WireLabel, () => void>>;
  const banks = createServerBanks();
  const labels = createInfoLabels();
  const members = new Map<string, FleetMember & { leaveBank(): void }>();
  let changeCount = 0;

  function remove(name: string): void {
    const member = members.get(name);
    if (!member) return;
    member.series.remove();
    member.leaveBank();
    members.delete(name);
    labels.remove(name);
    changeCount += 1;
  }

  function behindGateway(server: ServerSpec): Pick<FleetMember, 'gateway' | 'gatewayRegistry'> {
    if (!options.gateway || !server.gateway.enabled)
      return { gateway: undefined, gatewayRegistry: undefined };
    const families = createFamilies(perGatewayServer);
    const gateway = createGatewaySeries({ ...options, families, server });
    return { gateway, gatewayRegistry: families.registry };
  }

  return {
    add(added) {
      const { server } = added;
      remove(server.name);
      const seat = banks.join();
      labels.set(server);
      members.set(server.name, {
        series: createServerSeries(seat.families, added, (label) => shortenings[label]()),
        ...behindGateway(server),
        leaveBank: seat.leave,
      });
      changeCount += 1;
    },
    change({ server, reopens }) {
      const member = members.get(server.name);
      if (!member) return;
      member.series.changed(server, reopens !== 'none');
      labels.set(server);
      // What was counted stays when a server leaves the gateway.
      if (!member.gateway) members.set(server.name, { ...member, ...behindGateway(server) });
      changeCount += 1;
    },
    remove,
    find: (name) => members.get(name),
    members: () => members,
    sharedRegistries: () => banks.registries(),
    changeCount: () => changeCount,
    labelling: labels.labelling,
  };
}
