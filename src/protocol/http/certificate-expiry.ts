import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';

const CHAIN_MAX = 10;
/** When the first certificate of a connection's chain expires, Unix epoch milliseconds; nothing before the handshake. */
export type ExpiryReader = (socket: TLSSocket) => number | undefined;

/** Reading a chain costs more than a check; connections are kept, and so is what was read from them. */
export function createExpiryReader(): ExpiryReader {
  const known = new WeakMap<TLSSocket, number>();
  return (socket) => {
    const read = known.get(socket) ?? earliestOf(socket.getPeerCertificate(true));
    if (read !== undefined) known.set(socket, read);
    return read;
  };
}

function earliestOf(leaf: DetailedPeerCertificate): number | undefined {
  let earliest: number | undefined;
  let certificate: DetailedPeerCertificate | undefined = leaf;
  for (let depth = 0; depth < CHAIN_MAX && certificate?.valid_to !== undefined; depth += 1) {
    const expiresAtMs = Date.parse(certificate.valid_to);
    if (!Number.isNaN(expiresAtMs)) earliest = Math.min(earliest ?? expiresAtMs, expiresAtMs);
    const issuer: DetailedPeerCertificate | undefined = certificate.issuerCertificate;
    certificate = issuer === certificate ? undefined : issuer;
  }
  return earliest;
}
