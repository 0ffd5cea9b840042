import type { IncomingMessage } from 'node:http';
import type { RefusalName } from '../../facts/refusal.ts';

export interface HeadFault {
  readonly refusal: Extract<RefusalName, 'invalid_http' | 'method_not_allowed'>;
  readonly detail?: string;
}

const OLD: HeadFault = { refusal: 'invalid_http', detail: 'it is older than HTTP/1.0' };
const NO_HOST: HeadFault = { refusal: 'invalid_http', detail: 'it has no Host header' };
const SECOND_HOST: HeadFault = { refusal: 'invalid_http', detail: 'it has several Host headers' };
/** It would return the headers that the gateway adds, with their secrets. */
const TRACE: HeadFault = { refusal: 'method_not_allowed', detail: 'TRACE' };

/**
 * What a gateway must not forward and `node:http` does not refuse: one `Host` is required, since which of several counts is
 * decided differently elsewhere (RFC 9112 §3.2), and TRACE shows credentials (RFC 9110 §9.3.8).
 * @returns `undefined` if there is nothing
 */
export function findHeadFault({
  method,
  httpVersionMajor,
  httpVersionMinor,
  rawHeaders,
}: Pick<IncomingMessage, 'method' | 'httpVersionMajor' | 'httpVersionMinor' | 'rawHeaders'>):
  HeadFault | undefined {
  if (httpVersionMajor < 1) return OLD;
  if (method === 'TRACE') return TRACE;
  const hosts = countHosts(rawHeaders);
  if (hosts > 1) return SECOND_HOST;
  return hosts === 0 && httpVersionMinor > 0 ? NO_HOST : undefined;
}

/**
 * A request target in absolute form is read as its path, and its authority counts instead of `Host`: every server must accept
 * this form (RFC 9112 §3.2.2), which clients send that take the gateway for a proxy.
 */
export function useOriginForm(request: IncomingMessage): void {
  if (request.url?.startsWith('/')) return;
  const [, authority, target = ''] = /^https?:\/\/([^/?#]+)(.*)$/i.exec(request.url ?? '') ?? [];
  if (authority === undefined) return;
  request.url = target.startsWith('/') ? target : `/${target}`;
  request.headers.host = authority;
  const host = request.rawHeaders.findIndex(
    (text, index) => index % 2 === 0 && text.toLowerCase() === 'host',
  );
  if (host !== -1) request.rawHeaders[host + 1] = authority;
}

function countHosts(rawHeaders: readonly string[]): number {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts;
}
