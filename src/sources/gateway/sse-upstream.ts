import { CANCELLED } from '../../facts/call-outcome.ts';
import { createUpstreamPool } from '../../protocol/upstream-pool.ts';
import { refuse } from './channel-common.ts';
import { countUnforwarded } from './count-unforwarded.ts';
import { failAdmitted } from './fault.ts';
import { type Cuttable, ForwardedRequests } from './forwarded-requests.ts';
import { ForwardedRequest } from './forwarded-request.ts';
import { ForwardedSsePost } from './forwarded-sse-post.ts';
import { ForwardedSseStream } from './forwarded-sse-stream.ts';
import type { HttpUpstreamOptions } from './http-upstream.ts';
import { readRest } from './read-rest.ts';
import { RedirectedPaths } from './redirects.ts';
import type { AdmittedRequest, Upstream } from './upstream.ts';

/**
 * HTTP+SSE to HTTP+SSE (revision 2024-11-05): one GET stream per client, messages by POST, answers on the stream.
 * Only the `endpoint` event is changed, so that the client posts to the gateway.
 */
export function createSseUpstream(options: HttpUpstreamOptions): Upstream {
  const { name, tracker } = options;
  const pool = createUpstreamPool(options.url.origin, options.tls);
  const forwarded = new ForwardedRequests();
  const redirected = new RedirectedPaths(name, options.url, '/sse');
  /** Paths with query that an open stream announced: no other path of the upstream is reachable. */
  const addresses = new Set<string>();

  function start(request: Cuttable & { start(): void }): void {
    forwarded.add(request);
    request.start();
  }

  function openStream(admitted: AdmittedRequest): void {
    const onOver = (): void => forwarded.delete(stream);
    const onPassed = (): void => forwarded.noteResponse(stream);
    const context = { pool, name, redirected, addresses, onPassed, onOver };
    const stream = new ForwardedSseStream(options, admitted, context);
    start(stream);
  }

  /** Under the public address of the server: its documents and pages. */
  function forward(admitted: AdmittedRequest): void {
    const onOver = (): void => forwarded.delete(request);
    const request = new ForwardedRequest(options, admitted, { pool, redirected, onOver });
    start(request);
  }

  /** A message has to be read whole before it goes on. */
  async function readAndPost(head: AdmittedRequest): Promise<void> {
    const admitted = head.isComplete ? head : await readRest(head);
    // Its body is too large, and that was refused.
    if (head.response.headersSent) return;
    if (!admitted) {
      countUnforwarded(tracker, head, { verdict: CANCELLED, transport: 'sse' });
      return;
    }
    const post = new ForwardedSsePost(options, pool, admitted, () => forwarded.delete(post));
    start(post);
  }

  return {
    handle(admitted) {
      const { request, route, query, publicPlace } = admitted;
      const isRedirected = redirected.find(route) !== undefined;
      const isForStream = publicPlace ? publicPlace.isEndpoint : route === '/sse' || isRedirected;
      if (request.method === 'GET' && isForStream) openStream(admitted);
      else if (request.method === 'POST' && addresses.has(route + query))
        readAndPost(admitted).catch((error: unknown) => failAdmitted(options, admitted, error));
      else if (publicPlace) forward(admitted);
      else refuseOther(options, admitted, isForStream);
    },
    hasSessionOf: ({ route, query }) => addresses.has(route + query),
    load: () => ({ ...tracker.load(), streams: { http: 0, sse: addresses.size, stdio: 0 } }),
    async stop(signal) {
      await forwarded.drain(signal);
      await pool.destroy();
    },
  };
}

/** A POST to an address that no open stream announced, or another path. */
function refuseOther(
  options: HttpUpstreamOptions,
  admitted: AdmittedRequest,
  isForStream: boolean,
): void {
  if (admitted.request.method === 'POST' && !isForStream) {
    refuse(options, admitted, 'session_not_found', 'connect again', 'sse');
    return;
  }
  const detail = `this server speaks HTTP+SSE: connect to /${encodeURIComponent(options.name)}/sse`;
  refuse(options, admitted, 'wrong_transport', detail, 'sse');
}
