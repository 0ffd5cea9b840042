import { Agent as HttpAgent, type Agent, request as httpRequest } from 'node:http';
import type { ExpiryReader } from './certificate-expiry.ts';

/** How requests reach one origin. */
export interface Connections {
  readonly request: typeof httpRequest;
  readonly agent: Agent;
  readonly expiryOf?: ExpiryReader;
  /** Destroys the connections, unless others use them too. */
  release(): void;
}

export interface TlsTrust {
  /** PEM. The only authorities that are trusted. */
  readonly ca?: string;
  readonly rejectUnauthorized: boolean;
  /** Whether `ca` is the very certificate of the other side: then its name says nothing more. */
  readonly isPinned?: boolean;
}

/**
 * Connections of a bridge, as many as it has requests at once. Over `node:http`: a process that a person waits for at
 * each start cannot afford the 100 ms that loading undici takes, nor `node:https` where it is not needed.
 */
export async function openConnections(url: URL, tls: TlsTrust): Promise<Connections> {
  const settings = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY };
  if (url.protocol !== 'https:') {
    const agent = new HttpAgent(settings);
    return { request: httpRequest, agent, release: () => agent.destroy() };
  }
  const secure = await import('node:https');
  const agent = new secure.Agent({
    ...settings,
    rejectUnauthorized: tls.rejectUnauthorized,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.isPinned && { allowPartialTrustChain: true, checkServerIdentity: () => undefined }),
  });
  return { request: secure.request, agent, release: () => agent.destroy() };
}
