import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** A self-signed certificate for 127.0.0.1, or for `altName`; with negative `days` it has expired. */
export function makeCertificate({ altName = 'IP:127.0.0.1', days = 2 } = {}): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  const path = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void =>
    void execFileSync('openssl', args, { stdio: 'ignore' });
  try {
    const key = [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      path('key.pem'),
    ];
    const extension = `subjectAltName=${altName}`;
    openssl(
      'req',
      ...key,
      '-out',
      path('request.pem'),
      '-subj',
      '/CN=scripted',
      '-addext',
      extension,
    );
    const sign = ['-signkey', path('key.pem'), '-copy_extensions', 'copy', '-days', String(days)];
    openssl('x509', '-req', '-in', path('request.pem'), ...sign, '-out', path('cert.pem'));
    return {
      key: readFileSync(path('key.pem'), 'utf8'),
      cert: readFileSync(path('cert.pem'), 'utf8'),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
