import { dirname } from 'node:path';
import { z } from 'zod';
import { Secret } from '../facts/secret.ts';
import { CLIENT_AUTH_TYPES, type TlsSettings, type WebConfig } from '../facts/web-config.ts';
import { type LoadContext, resolvePath } from './files.ts';
import { parseValues } from './parse-values.ts';
import { readSource } from './read-source.ts';
import { choice, count, duration, flag, list, map, secret, section, text } from './schema-types.ts';
import { problemAt, type SourceFile } from './source-file.ts';
import { findPairMistake } from './tls.ts';
import { DAY } from './units.ts';

/** As Go and as Node call them. */
const TLS_VERSIONS = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
} as const;
const CURVES = {
  CurveP256: 'P-256',
  CurveP384: 'P-384',
  CurveP521: 'P-521',
  X25519: 'X25519',
} as const;
const CIPHERS = {
  TLS_AES_128_GCM_SHA256: 'TLS_AES_128_GCM_SHA256',
  TLS_AES_256_GCM_SHA384: 'TLS_AES_256_GCM_SHA384',
  TLS_CHACHA20_POLY1305_SHA256: 'TLS_CHACHA20_POLY1305_SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
} as const;

const BCRYPT = /^\$2[aby]?\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/;
const NAMES = {
  authentication: [...CLIENT_AUTH_TYPES, 'RequireClientCert'],
  versions: Object.keys(TLS_VERSIONS) as (keyof typeof TLS_VERSIONS)[],
  curves: Object.keys(CURVES) as (keyof typeof CURVES)[],
  ciphers: Object.keys(CIPHERS) as (keyof typeof CIPHERS)[],
} as const;

function oneOf<const T extends string>(values: readonly T[], description: string) {
  return choice(values as readonly [T, ...T[]], { description });
}

/** An empty text is the same as none, as in Go. */
function maybe(description: string) {
  return z.string({ error: 'must be text' }).meta({ description }).exactOptional();
}

function header(description: string, allowed?: readonly [string, ...string[]]) {
  // `X-XSS-Protection: 1` is a number in YAML.
  const read = (value: unknown) => (typeof value === 'number' ? String(value) : value);
  const value = allowed
    ? choice(allowed, { description })
    : z.string({ error: 'must be text' }).regex(/^[\t\x20-\x7e\x80-\xff]*$/, {
        error: 'must be one line without control characters',
      });
  return z.preprocess(read, value).meta({ description }).exactOptional();
}

/** The keys of https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md, and their rules. */
export const WebConfigSchema = section(
  {
    tls_server_config: section(
      {
        cert_file: maybe('PEM file with the certificate and its chain.'),
        key_file: maybe('PEM file with its key.'),
        cert: maybe('The certificate itself.'),
        key: z
          .string({ error: 'must be text' })
          .meta({ description: 'The key itself.', secret: true })
          .exactOptional(),
        client_ca_file: maybe('PEM file with the authorities of client certificates.'),
        client_ca: maybe('Those authorities themselves.'),
        client_auth_type: oneOf(
          [...NAMES.authentication, ''],
          'Whether clients need a certificate.',
        ).exactOptional(),
        client_allowed_sans: list(text({ description: 'A subject alternative name.' }), {
          description: 'Names of which a client certificate must have one.',
        }).exactOptional(),
        min_version: oneOf(NAMES.versions, 'Oldest version of TLS.').exactOptional(),
        max_version: oneOf(NAMES.versions, 'Newest version of TLS.').exactOptional(),
        cipher_suites: list(oneOf(NAMES.ciphers, 'A cipher suite.'), {
          description: 'Cipher suites up to TLS 1.2.',
        }).exactOptional(),
        curve_preferences: list(oneOf(NAMES.curves, 'A curve.'), {
          description: 'Elliptic curves.',
        }).exactOptional(),
        prefer_server_cipher_suites: flag({ description: 'Whose order counts.' }).exactOptional(),
      },
      { description: 'TLS.' },
    ).exactOptional(),
    http_server_config: section(
      {
        http2: flag({ description: 'Accepted; our listeners speak HTTP/1.1.' }).exactOptional(),
        headers: section(
          {
            'Content-Security-Policy': header('Sent with every answer.'),
            'X-Frame-Options': header('Sent with every answer.', ['deny', 'sameorigin']),
            'X-Content-Type-Options': header('Sent with every answer.', ['nosniff']),
            'X-XSS-Protection': header('Sent with every answer.'),
            'Strict-Transport-Security': header('Sent with every answer.'),
          },
          { description: 'Headers of answers.' },
        ).exactOptional(),
      },
      { description: 'HTTP.' },
    ).exactOptional(),
    basic_auth_users: map(
      secret(
        { description: 'Bcrypt hash of the password.' },
        z.string({ error: 'must be text' }).regex(BCRYPT, { error: 'must be a bcrypt hash' }),
      ),
      { description: 'Users and the bcrypt hashes of their passwords.' },
    ).exactOptional(),
    rate_limit: section(
      {
        interval: z
          .preprocess(
            (value) => (value === 0 || value === '0' ? '0s' : value),
            duration(0, DAY, { description: 'Between two requests.' }),
          )
          .exactOptional(),
        burst: count(0, 1_000_000, { description: 'So many at once.' }).exactOptional(),
      },
      { description: 'For all clients together.' },
    ).exactOptional(),
  },
  { description: 'Web configuration.' },
);

export type WebConfigInput = z.output<typeof WebConfigSchema>;

type WebTlsInput = NonNullable<WebConfigInput['tls_server_config']>;

/**
 * Reads an exporter-toolkit web configuration file with the files it names, and reports what is wrong with it.
 * Neither variables nor `KEY_file` mean anything in it: `cert_file` is a key of its own.
 * @param report is called, where the file is named, if it cannot be read
 */
export async function loadWebConfig(
  path: string,
  report: (message: string) => void,
  context: Pick<LoadContext, 'home' | 'readText' | 'problems'>,
): Promise<WebConfig | undefined> {
  const { problems, readText } = context;
  const result = await readText(path);
  if (!result.ok) {
    report(`the file ${result.reason}`);
    return undefined;
  }
  const source = readSource(path, result.text);
  problems.push(...source.problems);
  if (source.root === undefined) return { users: {}, headers: {} };
  const parsed = parseValues(WebConfigSchema, source, source.root);
  problems.push(...parsed.problems, ...parsed.unknownKeys);
  if (parsed.value === undefined) return undefined;
  const { basic_auth_users: users = {}, http_server_config: http, rate_limit } = parsed.value;
  const tls = await readTls(parsed.value.tls_server_config ?? {}, source, context);
  const intervalMs = rate_limit?.interval ?? 0;
  return {
    ...(tls && { tls }),
    users,
    headers: Object.fromEntries(
      Object.entries(http?.headers ?? {}).filter(
        ([, value]) => value !== undefined && value !== '',
      ),
    ),
    ...(intervalMs > 0 && {
      rateLimit: { requests: 1, perMs: intervalMs, burst: rate_limit?.burst ?? 0 },
    }),
  };
}

async function readTls(
  input: WebTlsInput,
  source: SourceFile,
  { home, readText, problems }: Pick<LoadContext, 'home' | 'readText' | 'problems'>,
): Promise<TlsSettings | undefined> {
  let hasMistake = false;
  const report = (key: string, message: string): void => {
    hasMistake = true;
    problems.push(problemAt(source, ['tls_server_config', key], message));
  };
  const read = async (key: 'cert' | 'key' | 'client_ca'): Promise<string> => {
    const file = input[`${key}_file`] ?? '';
    if (file === '') return input[key] ?? '';
    const result = await readText(resolvePath(file, dirname(source.file), home));
    if (!result.ok) report(`${key}_file`, `the file ${result.reason}`);
    else if (!result.text.includes('-----BEGIN')) report(`${key}_file`, 'the file is no PEM');
    return result.ok ? result.text : '';
  };
  const [cert, key, ca] = [await read('cert'), await read('key'), await read('client_ca')];
  const clientAuth = clientAuthOf(input);
  if (!hasMistake && cert === '' && key === '' && ca === '' && clientAuth === undefined)
    return undefined;
  if (!hasMistake && cert === '') report('cert', 'needs cert_file or cert');
  if (!hasMistake && key === '') report('key', 'needs key_file or key');
  if (!hasMistake && ca !== '' && (clientAuth ?? 'NoClientCert') === 'NoClientCert')
    report('client_ca_file', 'has no effect without a client_auth_type');
  if (hasMistake) return undefined;
  const settings: TlsSettings = {
    cert,
    key: new Secret(key),
    ...(ca === '' ? {} : { ca }),
    minVersion: TLS_VERSIONS[input.min_version ?? 'TLS12'],
    maxVersion: TLS_VERSIONS[input.max_version ?? 'TLS13'],
    ...(input.cipher_suites?.length && {
      ciphers: input.cipher_suites.map((name) => CIPHERS[name]).join(':'),
    }),
    ...(input.curve_preferences?.length && {
      ecdhCurve: input.curve_preferences.map((name) => CURVES[name]).join(':'),
    }),
    honorCipherOrder: input.prefer_server_cipher_suites ?? true,
    clientAuth: clientAuth ?? 'NoClientCert',
    clientAllowedSans: input.client_allowed_sans ?? [],
  };
  const mistake = findPairMistake({ ...settings, key: settings.key.reveal() });
  if (mistake === undefined) return settings;
  report(input.cert_file === undefined ? 'cert' : 'cert_file', mistake);
  return undefined;
}

function clientAuthOf({ client_auth_type }: WebTlsInput): TlsSettings['clientAuth'] | undefined {
  if (client_auth_type === undefined || client_auth_type === '') return undefined;
  return client_auth_type === 'RequireClientCert' ? 'RequireAnyClientCert' : client_auth_type;
}
