import { dirname } from 'node:path';
import { createSecureContext } from 'node:tls';
import { Secret } from '../facts/secret.ts';
import type { TlsSettings, WebConfig } from '../facts/web-config.ts';
import type { LoadContext } from './load-context.ts';
import { parseValues } from './parse-values.ts';
import { readSource } from './read-source.ts';
import { resolvePath } from './resolve-path.ts';
import type { SourceFile } from './source-node.ts';
import { problemAt } from './problem-at.ts';
import {
  CIPHERS,
  CURVES,
  TLS_VERSIONS,
  type WebConfigInput,
  WebConfigSchema,
} from './web-config-schema.ts';

type TlsInput = NonNullable<WebConfigInput['tls_server_config']>;

/**
 * Reads an exporter-toolkit web configuration file with the files it names, and reports what is wrong with it.
 * Neither variables nor `KEY_file` mean anything in it: `cert_file` is a key of its own.
 * @param report tells where the file is named that it cannot be read
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
    ...(tls ? { tls } : {}),
    users,
    headers: Object.fromEntries(
      Object.entries(http?.headers ?? {}).filter(
        ([, value]) => value !== undefined && value !== '',
      ),
    ),
    ...(intervalMs > 0
      ? { rateLimit: { requests: 1, perMs: intervalMs, burst: rate_limit?.burst ?? 0 } }
      : {}),
  };
}

async function readTls(
  input: TlsInput,
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
    ...(input.cipher_suites?.length
      ? { ciphers: input.cipher_suites.map((name) => CIPHERS[name]).join(':') }
      : {}),
    ...(input.curve_preferences?.length
      ? { ecdhCurve: input.curve_preferences.map((name) => CURVES[name]).join(':') }
      : {}),
    honorCipherOrder: input.prefer_server_cipher_suites ?? true,
    clientAuth: clientAuth ?? 'NoClientCert',
    clientAllowedSans: input.client_allowed_sans ?? [],
  };
  const mistake = findMistake(settings);
  if (mistake === undefined) return settings;
  report(input.cert_file === undefined ? 'cert' : 'cert_file', mistake);
  return undefined;
}

function clientAuthOf({ client_auth_type }: TlsInput): TlsSettings['clientAuth'] | undefined {
  if (client_auth_type === undefined || client_auth_type === '') return undefined;
  return client_auth_type === 'RequireClientCert' ? 'RequireAnyClientCert' : client_auth_type;
}

/** What OpenSSL says of certificate and key; its messages hold neither. */
function findMistake(settings: TlsSettings): string | undefined {
  try {
    createSecureContext({ ...settings, key: settings.key.reveal() });
    return undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no reason given';
    return `certificate and key cannot be used together (${code})`;
  }
}
