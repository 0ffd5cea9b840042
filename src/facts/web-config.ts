import type { RateLimit } from './rules/rate-limit.ts';
import type { Secret } from './secret.ts';

/** As Go's `crypto/tls` calls them, and so the files of Prometheus exporters. */
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
  /** A client certificate must have one of these among its subject alternative names; empty: any will do. */
  readonly clientAllowedSans: readonly string[];
}
export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

/** An exporter-toolkit web configuration file. */
export interface WebConfig {
  readonly tls?: TlsSettings;
  /** Bcrypt hashes of passwords. */
  readonly users: Readonly<Record<string, Secret>>;
  /** For every answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** For all clients together. */
  readonly rateLimit?: RateLimit;
}

/** What a web configuration says of a request. */
export type WebAccess =
  /** It has nothing against it. */
  | { readonly kind: 'open' }
  /** The client proved who it is. */
  | { readonly kind: 'known' }
  /** It needs credentials, and showed none or wrong ones. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'too_many'; readonly retryAfterS: number };

/** Whether a connection that came to be proves who the client is. */
export function provesClient(auth: ClientAuthType): boolean {
  return auth === 'VerifyClientCertIfGiven' || auth === 'RequireAndVerifyClientCert';
}
