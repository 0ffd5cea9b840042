import { isLoopbackHost } from '../facts/rules/loopback.ts';
import type { ListenAddress } from '../facts/service-settings.ts';

/** Where the gateway listens by default. Here, since the schema takes too long to load for {@link peekGateway}. */
export const GATEWAY_LISTEN_DEFAULT: ListenAddress = { host: '127.0.0.1', port: 19_100 };

const WILDCARDS = ['0.0.0.0', '::'];

/** Reads `host:port`, which the schema has checked. */
export function parseListen(text: string): ListenAddress {
  const colon = text.lastIndexOf(':');
  return {
    host: text.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(text.slice(colon + 1)),
  };
}

export function formatListen({ host, port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Whether two listeners cannot be there at once. */
export function collides(a: ListenAddress, b: ListenAddress): boolean {
  if (a.port !== b.port || a.port === 0) return false;
  return a.host === b.host || WILDCARDS.includes(a.host) || WILDCARDS.includes(b.host);
}

/**
 * Whether a server's URL leads back to us: our own pages, or our gateway that a client was pointed at.
 * @param listeners where we listen
 */
export function isOwnAddress(url: string, listeners: readonly ListenAddress[]): boolean {
  const parsed = URL.parse(url);
  if (parsed === null) return false;
  const port = Number(parsed.port || (parsed.protocol === 'https:' ? 443 : 80));
  const isLoopback = isLoopbackHost(parsed.hostname);
  return listeners.some((listen) => {
    if (port !== listen.port) return false;
    const own = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
    const isEverywhere = own === '0.0.0.0' || own === '[::]';
    return parsed.hostname === own || (isLoopback && (isEverywhere || isLoopbackHost(own)));
  });
}
