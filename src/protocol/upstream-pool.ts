import { Pool } from 'undici';

const CONNECT_TIMEOUT_MS = 10_000;

/** Connections to one upstream: kept alive, and one request at a time on each, so that a slow call holds up no other. */
export function createUpstreamPool(
  origin: string,
  tls: { readonly ca?: string; readonly rejectUnauthorized: boolean },
): Pool {
  return new Pool(origin, {
    pipelining: 1,
    connections: null,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: {
      timeout: CONNECT_TIMEOUT_MS,
      rejectUnauthorized: tls.rejectUnauthorized,
      ...(tls.ca && { ca: tls.ca }),
    },
  });
}
