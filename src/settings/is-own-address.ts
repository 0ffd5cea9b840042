import { isLoopbackHost } from '../facts/rules/loopback.ts';
import type { ListenAddress } from '../facts/service-settings.ts';

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
