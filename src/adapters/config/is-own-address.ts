const GATEWAY_PORT = 19_100;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Whether a server's URL leads back to us: our own pages, or our gateway that a client was pointed at. */
export function isOwnAddress(
  url: string,
  listen: { readonly host: string; readonly port: number },
): boolean {
  const parsed = URL.parse(url);
  if (parsed === null) return false;
  const port = Number(parsed.port || (parsed.protocol === 'https:' ? 443 : 80));
  const isLoopback = LOOPBACK.test(parsed.hostname);
  if (isLoopback && port === GATEWAY_PORT) return true;
  if (port !== listen.port) return false;
  const own = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  const isEverywhere = own === '0.0.0.0' || own === '[::]';
  return parsed.hostname === own || (isLoopback && (isEverywhere || LOOPBACK.test(own)));
}
