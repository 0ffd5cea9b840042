import type { GatewayViews } from '../../facts/ports/views.ts';

/** What clients have open to each server through the gateway; empty without a gateway. */
export type ConnectionsByServer = ReadonlyMap<string, number>;

export function countConnections(gateway: GatewayViews): ConnectionsByServer {
  const counts = new Map<string, number>();
  for (const { server, connections } of gateway.load())
    counts.set(server, (counts.get(server) ?? 0) + connections);
  return counts;
}
