import tls from 'node:tls';
import type { RemoteAccess } from '../facts/server.ts';

/** Options of `tls.connect`. */
interface TlsConnectOptions {
  readonly rejectUnauthorized: boolean;
  readonly servername?: string;
  readonly secureContext?: tls.SecureContext;
}

/**
 * How connections to a remote server are secured, for checks, gateway and bridges alike.
 * One context serves all connections: with `ca` Node.js would parse all authorities anew for each.
 */
export function tlsConnectOptions(remote: RemoteAccess): TlsConnectOptions {
  const { tlsCa: ca, tlsCert: cert, tlsKey: key, tlsServerName: servername } = remote;
  const context = {
    ...(ca !== undefined && { ca: [...tls.getCACertificates('default'), ca] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key: key.reveal() }),
  };
  return {
    rejectUnauthorized: !remote.tlsSkipVerify,
    ...(servername !== undefined && { servername }),
    ...(Object.keys(context).length > 0 && { secureContext: tls.createSecureContext(context) }),
  };
}
