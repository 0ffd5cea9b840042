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
      ...(tls.ca ? { ca: tls.ca } : {}),
    },
  });
}

/** The cause in words, without an address. */
export function describeSocketError(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  switch (code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its host name does not resolve';
    case 'UND_ERR_CONNECT_TIMEOUT':
      return `no connection within ${CONNECT_TIMEOUT_MS / 1000} s`;
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return 'the connection broke';
    default:
      return code ?? 'the connection failed';
  }
}
