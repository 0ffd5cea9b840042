import { TLSSocket } from 'node:tls';
import type { Request } from 'express';
import { hasToken } from './admin-token.ts';
import { readBasicCredentials } from './basic-credentials.ts';
import type { HttpAppDeps } from './ports.ts';
import type { WebGate } from './web-gate.ts';

const NAME_CHARS_MAX = 128;

/** Who made a request that was let through, as far as known: a user, the owner of a certificate or token, or an address. */
export function describeCaller(
  request: Request,
  web: WebGate | undefined,
  { adminToken, markerToken }: Pick<HttpAppDeps, 'adminToken' | 'markerToken'>,
): string {
  const name = web?.isKnown(request)
    ? readBasicCredentials(request.headers.authorization)?.user || certificateOwner(request)
    : undefined;
  if (name !== undefined) return name.slice(0, NAME_CHARS_MAX);
  const address = request.socket.remoteAddress ?? 'an unknown address';
  if (hasToken(request, markerToken)) return `marker token, from ${address}`;
  // With one configured, nothing else would have let it through.
  const isAdmin = adminToken !== undefined && web?.isKnown(request) !== true;
  return isAdmin ? `admin token, from ${address}` : address;
}

function certificateOwner({ socket }: Request): string | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const { subject } = socket.getPeerCertificate();
  const name: unknown = subject?.CN;
  return typeof name === 'string' && name !== '' ? name : undefined;
}
