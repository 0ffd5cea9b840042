import type { ListenAddress } from './config.ts';

const WILDCARDS = ['0.0.0.0', '::'];
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i;

/** Reads `host:port`, which the schema has checked. */
export function parseListen(text: string): ListenAddress {
  const colon = text.lastIndexOf(':');
  return {
    host: text.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(text.slice(colon + 1)),
  };
}

/** Whether a listener there is reached from this machine only. */
export function isLoopback({ host }: ListenAddress): boolean {
  return LOOPBACK.test(host);
}

/** Whether two listeners cannot be there at once. */
export function collides(a: ListenAddress, b: ListenAddress): boolean {
  if (a.port !== b.port || a.port === 0) return false;
  return a.host === b.host || WILDCARDS.includes(a.host) || WILDCARDS.includes(b.host);
}
