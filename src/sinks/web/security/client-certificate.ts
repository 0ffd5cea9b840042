import type { TLSSocket } from 'node:tls';
import type { TlsSettings } from '../../../facts/web-config.ts';

/** Whether a connection may stay, by the certificate that its client showed. */
export function isWelcome(
  socket: TLSSocket,
  { clientAuth, clientAllowedSans }: Pick<TlsSettings, 'clientAuth' | 'clientAllowedSans'>,
): boolean {
  const certificate = socket.getPeerX509Certificate();
  switch (clientAuth) {
    case 'NoClientCert':
    case 'RequestClientCert':
      return true;
    case 'RequireAnyClientCert':
      if (!certificate) return false;
      break;
    case 'VerifyClientCertIfGiven':
      if (!certificate) return true;
      if (!socket.authorized) return false;
      break;
    case 'RequireAndVerifyClientCert':
      if (!certificate || !socket.authorized) return false;
  }
  if (clientAllowedSans.length === 0) return true;
  const names = namesOf(certificate.subjectAltName ?? '');
  return clientAllowedSans.some((allowed) => names.includes(allowed));
}

/** `DNS:a.example.com, IP Address:10.0.0.1`; a name that holds a comma is quoted, and is not for a list like ours. */
function namesOf(subjectAltName: string): string[] {
  return subjectAltName
    .split(', ')
    .map((name) => name.replace(/^(?:DNS|IP Address|email|URI):/, ''));
}
