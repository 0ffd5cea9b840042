import { Agent as HttpAgent, type Agent, request as httpRequest } from 'node:http';
import type { RemoteAccess } from '../../facts/server.ts';
import type { ExpiryReader } from './certificate-expiry.ts';
import { closeIdleSockets, IDLE_MS_MAX } from './idle-connections.ts';

/** How requests reach one origin. */
export interface Connections {
  readonly request: typeof httpRequest;
  readonly agent: Agent;
  readonly expiryOf?: ExpiryReader;
  /** Closes what is kept for later requests, so that the next one runs over a fresh connection. */
  dropIdle(): void;
  /** Destroys the connections, unless others use them too. */
  release(): void;
}

export interface TlsTrust extends RemoteAccess {
  /** PEM of the very certificate of the other side, the only one that is trusted: its name says nothing more. */
  readonly pinned?: string;
}

/**
 * Connections of a bridge, as many as it has requests at once. Over `node:http`: a process that a person waits for at
 * each start cannot afford the 100 ms that loading undici takes, nor `node:https` where it is not needed.
 */
export async function openConnections(url: URL, tls: TlsTrust): Promise<Connections> {
  const settings = {
    keepAlive: true,
    maxSockets: Number.POSITIVE_INFINITY,
    // Of idle connections only: an agent does not end those in use. Without it the server's own hint has no effect.
    timeout: IDLE_MS_MAX,
  };
  if (url.protocol !== 'https:') {
    const agent = new HttpAgent(settings);
    return connectionsOf(httpRequest, await proxied(agent, tls));
  }
  const secure = await import('node:https');
  const agent = new secure.Agent({
    ...settings,
    ...(tls.pinned === undefined
      ? (await import('../tls-options.ts')).tlsConnectOptions(tls)
      : {
          ca: tls.pinned,
          allowPartialTrustChain: true,
          checkServerIdentity: () => undefined,
        }),
  });
  return connectionsOf(secure.request, await proxied(agent, tls));
}

async function proxied(agent: HttpAgent, { proxy }: TlsTrust): Promise<HttpAgent> {
  if (proxy === undefined) return agent;
  const { tunnelThrough } = await import('../proxy-tunnel.ts');
  tunnelThrough(agent, new URL(proxy.reveal()));
  return agent;
}

function connectionsOf(request: typeof httpRequest, agent: Agent): Connections {
  return {
    request,
    agent,
    dropIdle: () => closeIdleSockets(agent),
    release: () => agent.destroy(),
  };
}
