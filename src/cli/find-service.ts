import type { TlsTrust } from '../protocol/http/connections.ts';
import { findConfig, readText } from '../settings/files.ts';
import { LISTEN_DEFAULT, localUrl, peekListen } from '../settings/gateway-address.ts';
import type { CommandContext } from './command-context.ts';

/** How a command finds the running service. */
export interface ServiceOptions {
  /** Default: the address in the configuration. */
  readonly url?: URL;
  /** Default: the configuration in the working directory, otherwise the default address. */
  readonly config?: string;
  /** File with the token to send. Default: that of the environment, else the one in the configuration. */
  readonly tokenFile?: string;
}

export interface ServicePlace {
  /** Without a slash at its end. */
  readonly url: string;
  /** Value of `Authorization`. */
  readonly authorization?: string;
  readonly tls: TlsTrust;
}

export type ServiceSearch =
  | { readonly ok: true; readonly place: ServicePlace }
  | { readonly ok: false; readonly message: string };

const SYSTEM_TRUST: TlsTrust = { tlsSkipVerify: false };

/** Where the service listens, and what it takes to be let in there. It need not be running. */
export async function findService(
  { url, config, tokenFile }: ServiceOptions,
  { env }: Pick<CommandContext, 'env'>,
): Promise<ServiceSearch> {
  const given = await readCredentials(tokenFile, env);
  if (!given.ok) return given;
  const { authorization } = given;
  const own = authorization !== undefined && { authorization };
  if (url)
    return { ok: true, place: { url: url.href.replace(/\/+$/, ''), tls: SYSTEM_TRUST, ...own } };
  const path = config ?? (await findConfig());
  if (path === undefined)
    return { ok: true, place: { url: localUrl(LISTEN_DEFAULT), tls: SYSTEM_TRUST, ...own } };
  const found = await readPlace(path, env);
  return found.ok ? { ok: true, place: { ...found.place, ...own } } : found;
}

async function readPlace(path: string, env: CommandContext['env']): Promise<ServiceSearch> {
  const [{ loadConfig }, { formatProblems }] = await Promise.all([
    import('../settings/load-config.ts'),
    import('../settings/source-file.ts'),
  ]);
  const loaded = await loadConfig({ path, env });
  if (loaded.ok) {
    const { listen, web, admin } = loaded.config;
    const place: ServicePlace = {
      url: localUrl(listen, web?.tls ? 'https' : 'http'),
      // The certificate is for the public name, not for the address by which it is reached here.
      tls: { ...SYSTEM_TRUST, ...(web?.tls && { pinned: web.tls.cert }) },
      ...(admin.token && { authorization: `Bearer ${admin.token.reveal()}` }),
    };
    return { ok: true, place };
  }
  // The service goes on with the configuration from before the mistakes.
  const peek = await peekListen(path, readText);
  return peek.kind === 'address'
    ? { ok: true, place: { url: localUrl(peek.listen), tls: SYSTEM_TRUST } }
    : { ok: false, message: formatProblems(loaded.problems, 3) };
}

type ServiceCredentials =
  | { readonly ok: true; readonly authorization?: string }
  | { readonly ok: false; readonly message: string };

async function readCredentials(
  tokenFile: string | undefined,
  env: CommandContext['env'],
): Promise<ServiceCredentials> {
  if (tokenFile !== undefined) {
    const read = await readText(tokenFile);
    if (!read.ok) return { ok: false, message: `${tokenFile} ${read.reason}` };
    const token = read.text.trim();
    return token === ''
      ? { ok: false, message: `${tokenFile} is empty` }
      : { ok: true, authorization: `Bearer ${token}` };
  }
  const { MCP_EXPORTER_TOKEN: token, MCP_EXPORTER_USER: user } = env;
  if (token) return { ok: true, authorization: `Bearer ${token}` };
  if (!user) return { ok: true };
  const pair = `${user}:${env['MCP_EXPORTER_PASSWORD'] ?? ''}`;
  return { ok: true, authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}
