import type { GatewayLoad } from '../../facts/call-record.ts';
import type { ServerSpec } from '../../facts/server.ts';
import { GatewayListener, type ListenerOptions } from './gateway-listener.ts';
import { GatewayServers, type GatewayServersOptions } from './gateway-servers.ts';
import { RequestRouter, type RouterOptions } from './request-router.ts';

export type GatewayOptions = GatewayServersOptions & ListenerOptions & RouterOptions;

export interface Gateway {
  /** Applies a configuration: new servers are added, missing ones drained; changed ones keep what clients have open, if it may be. */
  apply(servers: readonly ServerSpec[]): void;
  /** Ends what clients have open to a server; calls in flight may end first. */
  close(server: string): void;
  listen(host: string, port: number): Promise<{ readonly port: number }>;
  load(): readonly GatewayLoad[];
  /** Refuses new requests, lets calls in flight end for `drainMs`, then stops listening and cuts. */
  stop(drainMs: number): Promise<void>;
}

export function createGateway(options: GatewayOptions): Gateway {
  const servers = new GatewayServers(options);
  const router = new RequestRouter(options, servers);
  const listener = new GatewayListener(options, {
    onRequest: (request, response) => void router.route(request, response),
    onUnreadable: (error, socket) => router.refuseUnreadable(error, socket),
    onTunnel: (socket) => router.refuseTunnel(socket),
    isBusy: (socket) => router.isBusy(socket),
  });
  return {
    apply: (specs) => servers.apply(specs),
    close: (name) => servers.renew(name),
    listen: (host, port) => listener.listen(host, port),
    load: () => servers.load(),
    async stop(drainMs) {
      // Clients may need new connections to answer what the server asks during these calls.
      await servers.stop(drainMs);
      const closed = listener.close();
      listener.cut();
      await closed;
      options.unknownServers.stop();
    },
  };
}
