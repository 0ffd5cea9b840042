import type { GatewayLoad } from '../../facts/call-record.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { Recorders } from './create-recorders.ts';
import type { PageSource } from './render-page.ts';

/** The registries of the page, in the order in which they are read. */
export function listPageSources(
  { fleet, self, users, unknownServers, registry }: Recorders,
  load: readonly GatewayLoad[],
  clock: Pick<Clock, 'nowMs'>,
): readonly PageSource[] {
  const loads = Map.groupBy(load, ({ server }) => server);
  const behindGateway = [...fleet.members()].flatMap(([name, { gateway, gatewayRegistry }]) => {
    if (!gateway || !gatewayRegistry) return [];
    const beforeRead = () => gateway.flush(clock.nowMs(), loads.get(name) ?? []);
    return [{ registry: gatewayRegistry, beforeRead }];
  });
  const unknown = unknownServers && {
    registry: unknownServers.registry,
    beforeRead: () => unknownServers.recorder.flush(),
  };
  const flushOwn = () => {
    self.flush();
    users?.flush(clock.nowMs());
  };
  return [
    ...fleet.sharedRegistries().map((shared) => ({ registry: shared })),
    ...behindGateway,
    ...(unknown ? [unknown] : []),
    { registry, beforeRead: flushOwn },
  ];
}
