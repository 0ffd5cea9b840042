import type { RemoteAccess } from '../../facts/server.ts';
import { createUpstreamPool } from '../../protocol/upstream-pool.ts';
import { type ForwardOptions, ForwardedRequest } from './forwarded-request.ts';
import { ForwardedRequests } from './forwarded-requests.ts';
import { RedirectedPaths } from './redirects.ts';
import type { Upstream } from './upstream.ts';

export interface HttpUpstreamOptions extends ForwardOptions {
  readonly tls: RemoteAccess;
}

/** Streamable HTTP to Streamable HTTP: a relay for the bytes, an observer for the calls. */
export function createHttpUpstream(options: HttpUpstreamOptions): Upstream {
  const pool = createUpstreamPool(options.url.origin, options.tls);
  const forwarded = new ForwardedRequests();
  const redirected = new RedirectedPaths(options.name, options.url);
  return {
    handle(admitted) {
      const onOver = (): void => forwarded.delete(request);
      const request = new ForwardedRequest(options, admitted, { pool, redirected, onOver });
      forwarded.add(request);
      request.start();
    },
    hasSessionOf: ({ sessionId }) =>
      sessionId !== undefined && options.tracker.isWaiting(sessionId),
    load() {
      const streams = { http: forwarded.countStreams(), sse: 0, stdio: 0 };
      return { ...options.tracker.load(), streams };
    },
    async stop(signal) {
      await forwarded.drain(signal);
      await pool.destroy();
    },
  };
}
