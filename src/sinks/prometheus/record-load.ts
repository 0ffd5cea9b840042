import type { GatewayLoad } from '../../facts/call-record.ts';
import { TRANSPORTS } from '../../facts/server.ts';
import {
  activeConnections,
  activeSessions,
  requestsInFlight,
  sseStreamsActive,
} from '../../catalog/gateway.ts';
import type { Families } from './create-families.ts';
import { createLabelSets } from './label-sets.ts';

/** Fills the gauges of what is open now, for one server; a transport that `loads` does not name has nothing open. */
export function createLoadRecorder(
  families: Families,
  server: string,
): (loads: readonly GatewayLoad[]) => void {
  const connections = families.gauge(activeConnections);
  const sessions = families.gauge(activeSessions);
  const inFlight = families.gauge(requestsInFlight);
  const streams = families.gauge(sseStreamsActive);
  const byTransport = createLabelSets(server, 'transport', TRANSPORTS);
  return (loads) => {
    for (const transport of TRANSPORTS) {
      const load = loads.find((candidate) => candidate.transport === transport);
      const labels = byTransport[transport];
      connections.set(labels, load?.connections ?? 0);
      sessions.set(labels, load?.sessions ?? 0);
      inFlight.set(labels, load?.inFlight ?? 0);
      streams.set(labels, load?.streams ?? 0);
    }
  };
}
