import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../facts/ports/clock.ts';
import { type RefusalName, REFUSALS } from '../../facts/refusal.ts';
import { startDeadline } from '../../facts/deadline.ts';
import type { RemoteAccess } from '../../facts/server.ts';
import { followRedirect } from '../../protocol/http/redirects.ts';
import { createOAuthFetch } from '../../protocol/oauth/oauth-fetch.ts';
import { describeNetworkError } from '../../protocol/network-failure.ts';
import type { CallTracker } from './call-tracker.ts';
import { countUnforwarded } from './count-unforwarded.ts';
import {
  metadataPaths,
  resourceAddress,
  type ResourceRoute,
  rewriteChallenge,
  rewriteMetadata,
} from './resource-metadata.ts';
import { type RefusalDetails, sendRefusal } from './send-refusal.ts';
import type { AdmittedRequest } from './upstream.ts';

export interface ResourceAuthorizationOptions {
  /** The server's name, as it stands in the gateway's paths. */
  readonly name: string;
  readonly url: URL;
  readonly tls: RemoteAccess;
  readonly clock: Clock;
  readonly tracker: CallTracker;
  /** Of this process, for `INSTANCE_HEADER`: the server names a path of its own metadata. */
  readonly instance?: string;
  /** Called for each request that goes upstream. */
  readonly onRequest: () => void;
}

/** The server's metadata as it sent them, or why there are none. */
type Reading =
  | { readonly ok: true; readonly text: string; readonly headers: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly refusal: RefusalName; readonly detail: string };

const METADATA_MS_MAX = 5_000;
const NOT_FOUND: Reading = {
  ok: false,
  refusal: 'no_resource_metadata',
  detail: 'clients cannot learn from this address where to get a token',
};

/**
 * Presents the gateway's address of a server as the protected resource (`gateway.authorization: rewrite`): in the challenges of
 * the server, and in its metadata. Tokens that clients get are then bound to the gateway's address (RFC 8707).
 */
export class ResourceAuthorization {
  readonly #options: ResourceAuthorizationOptions;
  readonly #stop = new AbortController();
  /** As the server named it last. */
  #named: string | undefined;
  /** Clients that ask at the same time share one request. */
  #reading: Promise<Reading> | undefined;

  constructor(options: ResourceAuthorizationOptions) {
    this.#options = options;
  }

  /** @returns what replaces a `WWW-Authenticate` header in the answer to this request */
  challengeRewriter(request: IncomingMessage, route: ResourceRoute): (challenge: string) => string {
    return (challenge) => {
      const address = this.#addressFor(request, route);
      if (address === undefined) return challenge;
      const rewritten = rewriteChallenge(challenge, address.metadata);
      this.#named = rewritten.metadata || this.#named;
      return rewritten.challenge;
    };
  }

  /** Answers a request for the metadata of the gateway's own address. */
  async sendMetadata(admitted: AdmittedRequest, route: ResourceRoute): Promise<void> {
    const { request, response } = admitted;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const headers = { allow: 'GET, HEAD' };
      this.#refuse(admitted, route, 'method_not_allowed', { headers });
      return;
    }
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    const reading = await this.#reading;
    if (response.headersSent || response.destroyed) return;
    const address = this.#addressFor(request, route);
    const body = reading.ok && address && rewriteMetadata(reading.text, address.resource);
    if (!reading.ok) this.#refuse(admitted, route, reading.refusal, { detail: reading.detail });
    else if (typeof body !== 'string') this.#refuse(admitted, route, 'no_resource_metadata', {});
    else {
      const length = Buffer.byteLength(body);
      const own = { 'content-type': 'application/json', 'content-length': length };
      response.writeHead(200, { ...reading.headers, ...own }).end(body);
    }
  }

  stop(): void {
    this.#stop.abort();
  }

  #refuse(
    admitted: AdmittedRequest,
    route: ResourceRoute,
    name: RefusalName,
    details: Pick<RefusalDetails, 'detail' | 'headers'>,
  ): void {
    const { clock, tracker } = this.#options;
    const { verdict } = REFUSALS[name];
    const transport = route === '/sse' ? 'sse' : 'http';
    countUnforwarded(tracker, admitted, { verdict, detail: details.detail, transport });
    sendRefusal(clock, admitted.response, name, details);
  }

  #addressFor({ headers: { host }, socket }: IncomingMessage, route: ResourceRoute) {
    const isTls = 'encrypted' in socket && socket.encrypted === true;
    return resourceAddress(this.#options.name, route, { host, isTls });
  }

  async #read(): Promise<Reading> {
    const { clock, url, tls, instance } = this.#options;
    const deadline = startDeadline(clock, METADATA_MS_MAX, this.#stop.signal);
    const target = { ...tls, url: url.href };
    const { signal } = deadline;
    const nowMs = () => clock.nowMs();
    const conversation = createOAuthFetch({
      ...{ target, userAgent: 'mcp-exporter', nowMs, signal },
      ...(instance !== undefined && { instance }),
    });
    try {
      return await this.#readFrom(conversation.fetch);
    } catch (error) {
      if (deadline.hasPassed())
        return { ok: false, refusal: 'timeout', detail: `after ${METADATA_MS_MAX} ms` };
      return { ok: false, refusal: 'unreachable', detail: describeNetworkError(rootOf(error)) };
    } finally {
      deadline.end();
      await conversation.close();
    }
  }

  async #readFrom(fetch: Fetch): Promise<Reading> {
    let failure = NOT_FOUND;
    for (const path of metadataPaths(this.#options.url, this.#named)) {
      const response = await this.#get([new URL(this.#options.url.origin + path)], fetch);
      const text = await response.text();
      if (response.status === 200 && rewriteMetadata(text, '') !== undefined)
        return { ok: true, text, headers: returnedHeaders(response.headers) };
      if (response.status >= 500)
        failure = { ok: false, refusal: 'unreachable', detail: `HTTP ${response.status}` };
    }
    return failure;
  }

  /** Redirects within the origin are followed. */
  async #get(asked: readonly [URL, ...URL[]], fetch: Fetch): Promise<Response> {
    this.#options.onRequest();
    const from = asked.at(-1) ?? asked[0];
    const headers = { accept: 'application/json' };
    const response = await fetch(from, { headers, redirect: 'manual' });
    const { status } = response;
    const location = response.headers.get('location') ?? undefined;
    const target = followRedirect({ method: 'GET', asked, status, location });
    return target === undefined ? response : this.#get([...asked, target], fetch);
  }
}

type Fetch = ReturnType<typeof createOAuthFetch>['fetch'];

const RETURNED = ['cache-control', 'access-control-allow-origin'];

function returnedHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    RETURNED.flatMap((name) => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
}

/** Errors of `fetch` have the one of the network as their cause. */
function rootOf(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  return error.cause instanceof Error ? rootOf(error.cause) : error;
}
