import type { ListenAddress } from './config.ts';

const WILDCARDS = ['0.0.0.0', '::'];

/** Reads `host:port`, which the schema has checked. */
export function parseListen(text: string): ListenAddress {
  const colon = text.lastIndexOf(':');
  return {
    host: text.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(text.slice(colon + 1)),
  };
}

/** Whether two listeners cannot be there at once. */
export function collides(a: ListenAddress, b: ListenAddress): boolean {
  if (a.port !== b.port || a.port === 0) return false;
  return a.host === b.host || WILDCARDS.includes(a.host) || WILDCARDS.includes(b.host);
}
