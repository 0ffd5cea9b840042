import type { Transport } from '../../../src/facts/server.ts';
import type { Sdk } from './peer.ts';

/** How a client reaches a server through the gateway. A client of stdio starts `mcp-exporter stdio NAME`. */
export interface Route {
  readonly name: string;
  readonly client: Transport;
  readonly server: Transport;
}

/** A client, a server and a route between them. */
export interface Lane {
  readonly key: string;
  readonly route: Route;
  /** Version of the SDK. */
  readonly server: Sdk;
  readonly client: Sdk;
  /** Of the revision that these two agree on. */
  readonly era: 'legacy' | 'modern';
}

const ROUTES = {
  http: { name: 'HTTP → HTTP', client: 'http', server: 'http' },
  sse: { name: 'SSE → SSE', client: 'sse', server: 'sse' },
  httpToStdio: { name: 'HTTP → stdio', client: 'http', server: 'stdio' },
  httpToSse: { name: 'HTTP → SSE', client: 'http', server: 'sse' },
  stdioToHttp: { name: 'stdio → HTTP', client: 'stdio', server: 'http' },
  stdioToStdio: { name: 'stdio → stdio', client: 'stdio', server: 'stdio' },
} as const satisfies Record<string, Route>;

/** Every route in both eras. HTTP+SSE is a transport of servers of version 1 only. */
export const LANES: readonly Lane[] = [
  lane(ROUTES.http, 'v1', 'v1'),
  lane(ROUTES.http, 'v2', 'v2'),
  lane(ROUTES.sse, 'v1', 'v1'),
  lane(ROUTES.httpToStdio, 'v1', 'v1'),
  lane(ROUTES.httpToStdio, 'v2', 'v2'),
  lane(ROUTES.httpToSse, 'v1', 'v1'),
  lane(ROUTES.stdioToHttp, 'v1', 'v1'),
  lane(ROUTES.stdioToHttp, 'v2', 'v2'),
  lane(ROUTES.stdioToStdio, 'v1', 'v1'),
  lane(ROUTES.stdioToStdio, 'v2', 'v2'),
];

function lane(route: Route, server: Sdk, client: Sdk): Lane {
  return {
    key: `${route.client}-${route.server}-${server}-${client}`,
    route,
    server,
    client,
    // Servers of HTTP+SSE are of version 1.
    era: server === 'v2' && client === 'v2' ? 'modern' : 'legacy',
  };
}

/** Lanes whose direct connections are the same have one key. */
export function directKey(lane: Lane): string {
  const { route, server, client } = lane;
  return `direct-${route.server}-${server}-${client}${usesStdio(lane) ? '-stdio' : ''}`;
}

/** Some scenarios are smaller there. */
export function usesStdio({ route }: Lane): boolean {
  return route.client === 'stdio' || route.server === 'stdio';
}

/** Whether the gateway forwards the bytes; otherwise it forwards messages from one transport to the other. */
export function forwardsBytes({ route }: Lane): boolean {
  return route.client === route.server && route.client !== 'stdio';
}
