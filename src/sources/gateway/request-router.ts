import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../facts/ports/clock.ts';
import { isOwnRequest } from '../../facts/rules/request-origin.ts';
import { type RefusalName, REFUSALS } from '../../facts/refusal.ts';
import { isRequest } from '../../protocol/message-facts.ts';
import { readMessages, type ReadMessages } from '../../protocol/message-reader.ts';
import type { Admission, Edge } from './admission.ts';
import { type Arrival, countFailed, countUnread, leave, NO_MESSAGES, refuse } from './arrival.ts';
import type { CallTracker } from './call-tracker.ts';
import type { GatewayServers } from './gateway-servers.ts';
import type { GatewayRoute } from './parse-route.ts';
import { failRequest } from './fault.ts';
import { limitRest, readHead } from './request-body.ts';
import { findHeadFault, useOriginForm } from './request-head.ts';
import { type OwnPagesOptions, ownPathOf, sendOwnPage } from './own-pages.ts';
import { renderRefusalAnswer } from './send-refusal.ts';
import type { AdmittedRequest } from './upstream.ts';

export interface RouterOptions {
  readonly clock: Clock;
  readonly edge: Edge;
  readonly bodyBytesMax: number;
  /** Whether a server is disabled manually. */
  readonly isDisabled?: (server: string) => boolean;
  /** Called with an exception in the gateway that ended a request. */
  readonly onFault: (error: unknown, server: string | undefined) => void;
  /** Requests to names that are not configured, under a label that is never the name itself. */
  readonly unknownServers: CallTracker;
  /** Of this process, whose own requests are refused. */
  readonly instance?: string;
  /** What is served at `/` and `/health`. */
  readonly ownPages?: OwnPagesOptions;
}

const LISTEN = 'subscriptions/listen';
const BUSY = { headers: { 'retry-after': '1' } } as const;
const STOPPING = {
  headers: { connection: 'close', 'retry-after': '1' },
} as const;

/** Takes a request from the socket to the upstream of its server: edge, body, upstream. */
export class RequestRouter {
  readonly #options: RouterOptions;
  readonly #servers: GatewayServers;
  /** The last request of each connection, for errors that the HTTP parser reports apart from it. */
  readonly #arrivals = new WeakMap<Duplex, Arrival>();

  constructor(options: RouterOptions, servers: GatewayServers) {
    this.#options = options;
    this.#servers = servers;
  }

  /** Never rejects. */
  async route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#route(request, response);
    } catch (error) {
      this.#fail(this.#findArrival(request, response), undefined, NO_MESSAGES, error);
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock, edge, instance, unknownServers } = this.#options;
    const receivedMs = clock.monotonicMs();
    const receivedAtMs = clock.nowMs();
    useOriginForm(request);
    const target = this.#servers.findRoute(request.url ?? '/', request.headers.host);
    if (target?.name === '-' && target.route === '/identity') {
      this.#sendIdentity(response, target.query);
      return;
    }
    const server = target && this.#servers.get(target.name);
    const tracker = server?.tracker ?? unknownServers;
    const arrival: Arrival = {
      clock,
      request,
      response,
      receivedAtMs,
      receivedMs,
      tracker,
      isCounted: false,
    };
    this.#arrivals.set(request.socket, arrival);
    const fault = findHeadFault(request);
    if (fault) {
      refuse(arrival, NO_MESSAGES, fault.refusal, fault);
      return;
    }
    if (isOwnRequest(request.headers, instance)) {
      refuse(arrival, NO_MESSAGES, 'own_request');
      return;
    }
    const pending = edge.admit(request, server?.spec.name);
    const admission = pending instanceof Promise ? await pending : pending;
    if (!admission.ok) refuse(arrival, NO_MESSAGES, admission.refusal, admission);
    // The client went away meanwhile: there will be no `close` any more.
    else if (response.destroyed) {
      admission.place.leave();
      leave(arrival);
    } else this.#readBody(arrival, target, admission);
  }

  #readBody(
    arrival: Arrival,
    target: GatewayRoute | undefined,
    admission: Extract<Admission, { ok: true }>,
  ): void {
    const { request, response } = arrival;
    const { bodyBytesMax } = this.#options;
    const { place, user } = admission;
    response.on('close', () => place.leave());
    if (Number(request.headers['content-length']) > bodyBytesMax) {
      this.#refuseTooLarge(arrival);
      return;
    }
    const onHead = (body: Buffer, isComplete: boolean): void => {
      // Refused while it came in, because that took too long.
      if (arrival.isCounted) return;
      if (body.length > bodyBytesMax) {
        this.#refuseTooLarge(arrival);
        return;
      }
      const read = isComplete && body.length > 0 ? readMessages(body) : NO_MESSAGES;
      // As with GET: a stream holds no place among the requests in flight.
      try {
        if (read.messages.some((facts) => facts.method === LISTEN)) place.leave();
        else if (!place.enter()) {
          refuse(arrival, read, 'overloaded', BUSY);
          return;
        }
        this.#forward(arrival, target, { body, isComplete, read, user });
      } catch (error) {
        this.#fail(arrival, target?.name, read, error);
      }
    };
    readHead(request, { onHead, onGone: () => leave(arrival) });
  }

  /** Ends a request that no upstream has taken over. */
  #fail(arrival: Arrival, server: string | undefined, read: ReadMessages, error: unknown): void {
    const { clock } = this.#options;
    const onFault = (fault: unknown): void => this.#options.onFault(fault, server);
    try {
      countFailed(arrival, read);
    } catch (fault) {
      onFault(fault);
    }
    failRequest({ clock, onFault }, arrival.response, undefined, error);
  }

  #findArrival(request: IncomingMessage, response: ServerResponse): Arrival {
    const last = this.#arrivals.get(request.socket);
    if (last?.request === request) return last;
    const { clock, unknownServers: tracker } = this.#options;
    const [receivedAtMs, receivedMs] = [clock.nowMs(), clock.monotonicMs()];
    return { clock, request, response, receivedAtMs, receivedMs, tracker, isCounted: false };
  }

  #forward(arrival: Arrival, target: GatewayRoute | undefined, content: ReceivedContent): void {
    const { read } = content;
    const leaving = isRequestFree(arrival, content)
      ? this.#servers.findLeaving(arrival.request.url ?? '/', arrival.request.headers)
      : undefined;
    if (leaving) {
      leaving.upstream.handle(this.#admit(arrival, leaving.target, content));
      return;
    }
    // A reload may have come in while the body did: what it replaced takes no more requests.
    const server = target && this.#servers.get(target.name);
    if (this.#servers.isStopping) {
      refuse(arrival, read, 'stopping', STOPPING);
    } else if (!server || !target) {
      if (!this.#sendOwnPage(arrival, target, content)) refuse(arrival, read, 'unknown_server');
    } else if (!server.spec.gateway.enabled || this.#options.isDisabled?.(server.spec.name)) {
      refuse(arrival, read, 'disabled');
    } else {
      const admitted = this.#admit(arrival, target, content);
      if (target.metadataOf === undefined) server.upstream.handle(admitted);
      else server.upstream.sendMetadata?.(admitted, target.metadataOf);
    }
  }

  /** @returns false if the request is for none */
  #sendOwnPage(
    arrival: Arrival,
    target: GatewayRoute | undefined,
    { body }: ReceivedContent,
  ): boolean {
    const { ownPages } = this.#options;
    const path = target || body.length > 0 ? undefined : ownPathOf(arrival.request);
    if (!ownPages || path === undefined) return false;
    sendOwnPage(path, arrival, this.#servers.specs(), ownPages);
    return true;
  }

  #admit(
    arrival: Arrival,
    { route, query, publicPlace }: GatewayRoute,
    { body, isComplete, read, user }: ReceivedContent,
  ): AdmittedRequest {
    if (!isComplete) this.#limitRest(arrival, body.length);
    return {
      arrival,
      request: arrival.request,
      response: arrival.response,
      route,
      query,
      ...(publicPlace && { publicPlace }),
      body,
      isComplete,
      read,
      receivedAtMs: arrival.receivedAtMs,
      receivedMs: this.#bodyReceivedMs(arrival, isComplete),
      ...(user === undefined ? {} : { user }),
    };
  }

  /** The upload of the client is not our time, unless the body goes upstream as it comes. */
  #bodyReceivedMs({ request, receivedMs }: Arrival, isComplete: boolean): Arrival['receivedMs'] {
    const isStreamed = !isComplete && request.headers['content-length'] === undefined;
    return isStreamed ? receivedMs : this.#options.clock.monotonicMs();
  }

  #limitRest(arrival: Arrival, readBytes: number): void {
    const { bodyBytesMax } = this.#options;
    limitRest(arrival.request, bodyBytesMax - readBytes, () => {
      if (arrival.response.headersSent) arrival.response.destroy();
      else this.#refuseTooLarge(arrival);
    });
  }

  #refuseTooLarge(arrival: Arrival): void {
    const detail = `the limit is ${this.#options.bodyBytesMax} bytes`;
    refuse(arrival, NO_MESSAGES, 'body_too_large', { detail });
  }

  /** Whether a request of this connection waits for its answer. */
  isBusy(socket: Duplex): boolean {
    return this.#arrivals.get(socket)?.response.closed === false;
  }

  /** What never became a request: not HTTP, too large a head, or too slow. Connections without a request are just closed. */
  refuseUnreadable(error: Error & { readonly code?: string }, socket: Duplex): void {
    const last = this.#arrivals.get(socket);
    const unfinished = last && !last.response.writableEnded ? last : undefined;
    const isAnswered =
      unfinished && (unfinished.request.complete || unfinished.response.headersSent);
    // A client that left in the middle of a body is counted when the request closes.
    const hasLeft =
      error.code === 'ECONNRESET' || (unfinished && error.code === 'HPE_INVALID_EOF_STATE');
    if (hasLeft || !socket.writable || isAnswered || isSilent(socket)) {
      socket.destroy();
      return;
    }
    const name = refusalOf(error.code);
    if (unfinished) {
      refuse(unfinished, NO_MESSAGES, name);
      return;
    }
    this.#refuseSocket(socket, name);
  }

  /** CONNECT, for which `node:http` hands over the socket: there are no tunnels here. */
  refuseTunnel(socket: Duplex): void {
    socket.on('error', () => undefined);
    if (this.isBusy(socket)) socket.destroy();
    else this.#refuseSocket(socket, 'method_not_allowed');
  }

  #refuseSocket(socket: Duplex, name: RefusalName): void {
    const { clock, unknownServers: tracker } = this.#options;
    const receivedMs = clock.monotonicMs();
    const { verdict } = REFUSALS[name];
    countUnread({ tracker, receivedAtMs: clock.nowMs(), receivedMs }, { verdict });
    socket.end(renderRefusalAnswer(name), () => socket.destroy());
  }

  /** Lets our own stdio bridge find out whether it is us that listen on this port. */
  #sendIdentity(response: ServerResponse, query: string): void {
    const name = new URLSearchParams(query).get('server') ?? '';
    const knowsServer = this.#servers.get(name) !== undefined;
    const body = JSON.stringify({ service: 'mcp-exporter', knowsServer });
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  }
}

interface ReceivedContent {
  readonly body: Buffer;
  readonly isComplete: boolean;
  readonly read: ReadMessages;
  readonly user: string | undefined;
}

/** Whether a POST only answers the server, or tells it something. Of a large body that is not known yet: it may be an answer. */
function isRequestFree({ request }: Arrival, { isComplete, read }: ReceivedContent): boolean {
  if (request.method !== 'POST') return false;
  return isComplete ? read.messages.length > 0 && !read.messages.some(isRequest) : true;
}

/** Without a byte there was no request that could be late. */
function isSilent(socket: Duplex): boolean {
  return 'bytesRead' in socket && socket.bytesRead === 0;
}

function refusalOf(code: string | undefined): RefusalName {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request_timeout';
  return code === 'HPE_HEADER_OVERFLOW' ? 'headers_too_large' : 'invalid_http';
}
