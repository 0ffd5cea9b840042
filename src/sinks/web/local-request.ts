import type { Request } from 'express';
import { isCrossSite, isForwarded } from '../../facts/rules/request-origin.ts';
import { hostnameOf, isLoopbackAddress, isLoopbackHostname } from './loopback.ts';

/**
 * Why a request does not count as local, as the end of a sentence; `undefined` if it does. Local means: the listener is on
 * loopback, the client and the `Host` too, no proxy in between, no page of another site.
 *
 * @param listenHost what the listener is bound to
 */
export function whyNotLocal(request: Request, listenHost: string): string | undefined {
  const { headers, socket } = request;
  if (!isLoopbackHostname(listenHost)) return 'the exporter listens on an address of the network';
  if (!isLoopbackAddress(socket.remoteAddress)) return 'this request came from another one';
  // A proxy on this machine makes everybody look local.
  if (isForwarded(request)) return 'this request came through a proxy';
  const hostname = hostnameOf(headers.host);
  if (hostname === undefined || !isLoopbackHostname(hostname))
    return 'the Host header of this request names another one';
  return isOfForeignPage(request)
    ? 'this request was made by a page from another origin'
    : undefined;
}

/** Whether a browser sent the request for a page that is not ours. */
export function isOfForeignPage({ headers, protocol }: Request): boolean {
  const { host, origin } = headers;
  if (isCrossSite(headers)) return true;
  return (
    origin !== undefined && origin.toLowerCase() !== `${protocol}://${host?.toLowerCase() ?? ''}`
  );
}
