import type { TLSSocket } from 'node:tls';
import type { TlsSettings } from '../../../facts/web-config.ts';

/** Whether a connection is allowed with the certificate that its client presented. */
export function isAllowed(
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

/** `DNS:a.example.com, IP Address:10.0.0.1`; a name with a comma is quoted and never matches. */
function namesOf(subjectAltName: string): string[] {
  return subjectAltName
    .split(', ')
    .map((name) => name.replace(/^(?:DNS|IP Address|email|URI):/, ''));
}
