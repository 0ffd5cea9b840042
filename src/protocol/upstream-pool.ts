import { Client, Pool } from 'undici';
import type { RemoteAccess } from '../facts/server.ts';
import { IDLE_MS_MAX } from './http/idle-connections.ts';
import { acceptValidResponses } from './response-parser.ts';
import { createConnector } from './undici-connector.ts';

/**
 * Names and values of one response, and of its trailers. Some servers put long policies and cookies into it; undici and the
 * clients of Node take 16 kB, those of Python 100 kB.
 */
const HEAD_BYTES_MAX = 65_536;

/** Connections to one upstream: kept alive, and one request at a time on each, so that a slow call holds up no other. */
export class UpstreamPool extends Pool {
  readonly #openFresh: () => Client;

  /** @param idleMsMax how long an idle connection is kept if the upstream's `Keep-Alive` hint allows more; without one, 4 s */
  constructor(origin: string, tls: RemoteAccess, idleMsMax: number) {
    const common = {
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: HEAD_BYTES_MAX,
      connect: createConnector(tls),
    };
    super(origin, { ...common, pipelining: 1, connections: null, keepAliveMaxTimeout: idleMsMax });
    acceptValidResponses(this);
    this.#openFresh = () => {
      const fresh = new Client(origin, { ...common, pipelining: 0 });
      acceptValidResponses(fresh);
      return fresh;
    };
  }

  /** A connection of its own for one request. Must be closed, which waits for the answer. */
  openFresh(): Client {
    return this.#openFresh();
  }
}

export function createUpstreamPool(
  origin: string,
  tls: RemoteAccess,
  idleMsMax = IDLE_MS_MAX,
): UpstreamPool {
  return new UpstreamPool(origin, tls, idleMsMax);
}
