import type { IncomingHttpHeaders } from 'node:http';
import type { GatewayLoad } from '../../facts/call-record.ts';
import { startDeadline } from '../../facts/deadline.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import { findServerChanges, reopeningOf } from '../../facts/rules/server-changes.ts';
import { type ServerSpec, TRANSPORTS } from '../../facts/server.ts';
import type { CallTracker } from './call-tracker.ts';
import type { GatewayRoute } from './parse-route.ts';
import {
  createPublicAddresses,
  findRoute,
  type PublicAddresses,
  type RoutedServers,
} from './public-addresses.ts';
import type { Upstream } from './upstream.ts';

export interface GatewayServersOptions {
  readonly clock: Clock;
  /** `current` returns the server as it is configured now. */
  readonly createTracker: (name: string, current: () => ServerSpec) => CallTracker;
  readonly createUpstream: (current: () => ServerSpec, tracker: CallTracker) => Upstream;
}

export class GatewayServer {
  /** As it is configured now. */
  spec: ServerSpec;
  readonly tracker: CallTracker;
  readonly upstream: Upstream;

  constructor(spec: ServerSpec, { createTracker, createUpstream }: GatewayServersOptions) {
    const current = (): ServerSpec => this.spec;
    this.spec = spec;
    this.tracker = createTracker(spec.name, current);
    this.upstream = createUpstream(current, this.tracker);
  }

  /** Whether the gateway serves metadata of its own address of this server. */
  get hasMetadata(): boolean {
    return this.spec.target.kind === 'http' && this.spec.gateway.authorization === 'rewrite';
  }
}

export interface LeavingServer {
  readonly upstream: Upstream;
  readonly target: GatewayRoute;
}

/** When a server leaves, its calls in flight may take this long to end. */
const DRAIN_MS = 10_000;

/** The servers behind the gateway by name, and those on their way out. */
export class GatewayServers {
  readonly #options: GatewayServersOptions;
  readonly #servers = new Map<string, GatewayServer>();
  readonly #leaving = new Map<GatewayServer, Promise<void>>();
  readonly #routed: RoutedServers = {
    isConfigured: (name) => this.#servers.has(name),
    hasMetadata: (name) => this.#servers.get(name)?.hasMetadata === true,
  };
  #addresses: PublicAddresses = createPublicAddresses([]);
  #isStopping = false;

  constructor(options: GatewayServersOptions) {
    this.#options = options;
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  get(name: string): GatewayServer | undefined {
    return this.#servers.get(name);
  }

  /** As they are configured now. */
  specs(): readonly ServerSpec[] {
    return [...this.#servers.values()].map(({ spec }) => spec);
  }

  /** @param host the header of the request */
  findRoute(url: string, host: string | undefined): GatewayRoute | undefined {
    return findRoute(url, host, this.#addresses, this.#routed);
  }

  /**
   * Finds the server on its way out that has the session of a message, so that its calls in flight get what they need to end.
   * @param url of the message: path and query
   */
  findLeaving(url: string, headers: IncomingHttpHeaders): LeavingServer | undefined {
    const header = headers['mcp-session-id'];
    const sessionId = Array.isArray(header) ? header[0] : header;
    for (const { spec, upstream } of this.#leaving.keys()) {
      const addresses = createPublicAddresses([spec]);
      const target = findRoute(url, headers.host, addresses, {
        isConfigured: (name) => name === spec.name,
        hasMetadata: () => false,
      });
      if (target?.name === spec.name && upstream.hasSessionOf({ sessionId, ...target }))
        return { upstream, target };
    }
    return undefined;
  }

  /**
   * New servers are added, missing ones drained. Changed ones keep what clients have open, unless another server may be
   * meant now.
   */
  apply(specs: readonly ServerSpec[]): void {
    this.#addresses = createPublicAddresses(specs);
    const wanted = new Map(specs.map((spec) => [spec.name, spec]));
    for (const server of [...this.#servers.values()]) {
      const spec = wanted.get(server.spec.name);
      if (spec && reopeningOf(findServerChanges(server.spec, spec)) !== 'all') {
        server.spec = spec;
        continue;
      }
      this.#servers.delete(server.spec.name);
      this.#drain(server, DRAIN_MS);
    }
    for (const spec of specs) if (!this.#servers.has(spec.name)) this.#add(spec);
  }

  /** Ends what clients have open to a server, and takes new requests for it. */
  renew(name: string): void {
    const server = this.#servers.get(name);
    if (!server || this.#isStopping) return;
    this.#add(server.spec);
    this.#drain(server, DRAIN_MS);
  }

  async stop(drainMs: number): Promise<void> {
    this.#isStopping = true;
    for (const server of this.#servers.values()) this.#drain(server, drainMs);
    await Promise.all(this.#leaving.values());
  }

  load(): readonly GatewayLoad[] {
    return [...this.#servers.values()].flatMap(({ spec, upstream }) => loadOf(spec.name, upstream));
  }

  #add(spec: ServerSpec): void {
    this.#servers.set(spec.name, new GatewayServer(spec, this.#options));
  }

  #drain(server: GatewayServer, drainMs: number): void {
    const { upstream, tracker } = server;
    const deadline = startDeadline(this.#options.clock, drainMs);
    const leave = upstream.stop(deadline.signal).finally(() => {
      deadline.end();
      // Not before: a server may have several upstreams, and their calls end in it.
      tracker.stop();
      this.#leaving.delete(server);
    });
    this.#leaving.set(server, leave);
  }
}

function loadOf(server: string, upstream: Upstream): GatewayLoad[] {
  const load = upstream.load();
  return TRANSPORTS.map((transport) => ({
    server,
    transport,
    sessions: load.sessions[transport],
    streams: load.streams[transport],
    inFlight: load.inFlight[transport],
    connections: load.sessions[transport] + load.streams[transport] + load.sessionless[transport],
  }));
}
