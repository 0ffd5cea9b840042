import type { Agent } from 'node:http';

/**
 * How long a connection is kept while nothing is sent on it, unless the server asks for less (`Keep-Alive: timeout=…`).
 * Load balancers and NAT gateways forget idle connections without telling either side, the usual ones after 60 s at the
 * earliest (AWS ALB 60 s, Azure 4 min, AWS NLB and NAT 350 s).
 */
export const IDLE_MS_MAX = 55_000;

/** Closes the connections that an agent keeps for later requests. Those in use stay. */
export function closeIdleSockets({ freeSockets }: Agent): void {
  for (const sockets of Object.values(freeSockets))
    for (const socket of [...(sockets ?? [])]) socket.destroy();
}
