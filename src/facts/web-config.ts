import type { RateLimit } from './rules/rate-limit.ts';
import type { Secret } from './secret.ts';

/** Named as in Go's `crypto/tls`, and therefore in the web configuration files of Prometheus exporters. */
export const CLIENT_AUTH_TYPES = [
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
] as const;
export type ClientAuthType = (typeof CLIENT_AUTH_TYPES)[number];

/** TLS of a listener; the names are those of Node's secure context. */
export interface TlsSettings {
  /** PEM. */
  readonly cert: string;
  /** PEM. */
  readonly key: Secret;
  /** PEM of the authorities that sign client certificates. */
  readonly ca?: string;
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  readonly ciphers?: string;
  readonly ecdhCurve?: string;
  readonly honorCipherOrder: boolean;
  readonly clientAuth: ClientAuthType;
  /** A client certificate must have one of these among its subject alternative names; empty: any name is accepted. */
  readonly clientAllowedSans: readonly string[];
}
export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

/** An exporter-toolkit web configuration file. */
export interface WebConfig {
  readonly tls?: TlsSettings;
  /** Bcrypt hashes of passwords. */
  readonly users: Readonly<Record<string, Secret>>;
  /** For every response. */
  readonly headers: Readonly<Record<string, string>>;
  /** For all clients together. */
  readonly rateLimit?: RateLimit;
}

/** What a web configuration decides about a request. */
export type WebAccess =
  /** The request is allowed without credentials. */
  | { readonly kind: 'open' }
  /** The client proved its identity. */
  | { readonly kind: 'known' }
  /** Credentials are required, and were missing or wrong. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'too_many'; readonly retryAfterS: number };

/** Whether an established connection proves the identity of the client. */
export function provesClient(auth: ClientAuthType): boolean {
  return auth === 'VerifyClientCertIfGiven' || auth === 'RequireAndVerifyClientCert';
}
