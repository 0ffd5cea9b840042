import { parseEnv } from 'node:util';
import { Secret } from '../facts/secret.ts';
import {
  type HttpTarget,
  type OAuthSettings,
  type RemoteAccess,
  type StdioTarget,
  UNRESOLVED_URL,
} from '../facts/server.ts';
import { type AuthSource, completeAuth } from './auth.ts';
import { resolvePath } from './files.ts';
import { checkHeaders, withoutUserInfo, withUserInfo } from './http-headers.ts';
import {
  argumentSecrets,
  headerSecrets,
  isCredentialName,
  printMasked,
  type SecretBag,
  urlSecrets,
} from './secrets.ts';
import type { EntryContext, ServerEntry } from './server-entries.ts';
import { completeTls, type TlsInput } from './tls.ts';

/** Builds the target of a remote server out of a configuration's entry. */
export async function toHttpTarget(
  entry: ServerEntry,
  { tls, auth, proxyFor, loginDirectory }: RemoteInput,
  secrets: SecretBag,
  isUnresolved: boolean,
  context: EntryContext,
): Promise<HttpTargetResult | undefined> {
  const url = readUrl(entry, isUnresolved, context);
  const headers = checkHeaders(entry.input.headers ?? {}, context.report);
  if (url === undefined) return undefined;
  const oauth =
    auth &&
    (await completeAuth(auth, {
      ...context,
      name: entry.name,
      headers: Object.keys(headers).map((name) => name.toLowerCase()),
      hasUserInfo: url.username !== '' || url.password !== '',
      loginDirectory,
    }));
  const input = {
    url,
    headers,
    oauth,
    transport: chooseTransport(entry),
    tls: await completeTls(tls, context),
    proxy: isUnresolved ? undefined : proxyFor(url),
  };
  return createHttpTarget(input, secrets);
}

/** What of a remote server's settings may be in another file than its entry. */
export interface RemoteInput {
  readonly tls: TlsInput | undefined;
  readonly auth: AuthSource | undefined;
  readonly proxyFor: (url: URL) => URL | undefined;
  readonly loginDirectory: string;
}

function readUrl(
  { input }: ServerEntry,
  isUnresolved: boolean,
  { report }: EntryContext,
): URL | undefined {
  const url = URL.parse(input.url ?? '');
  // Which host it is only the variable says.
  const isUnknown = url === null || (isUnresolved && /[${}]/.test(url.host));
  if (!isUnknown && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  if (isUnresolved) return new URL(UNRESOLVED_URL);
  // Not quoted: a mistyped URL may contain a password.
  report(['url'], 'must be an absolute URL that starts with http:// or https://');
  return undefined;
}

/** Undefined if the entry does not say. */
function chooseTransport({
  input,
  isVsCodeFile,
}: ServerEntry): HttpTarget['transport'] | undefined {
  const type = input.type ?? input.transport;
  if (type === undefined || type === 'sse') return type;
  return isVsCodeFile ? 'auto' : 'http';
}

export interface HttpTargetInput {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly oauth?: OAuthSettings | undefined;
  /** Undefined: detected, unless the path ends in `/sse`. */
  readonly transport?: HttpTarget['transport'] | undefined;
  readonly tls: RemoteAccess;
  readonly proxy?: URL | undefined;
}

export interface HttpTargetResult {
  readonly target: HttpTarget;
  readonly hasCredentials: boolean;
}

/** The target of a remote server; its secrets are added to `secrets`. */
export function createHttpTarget(input: HttpTargetInput, secrets: SecretBag): HttpTargetResult {
  const { url, oauth, tls, proxy } = input;
  const headers = withUserInfo(url, input.headers);
  if (proxy) secrets.add(...urlSecrets(proxy));
  secrets.add(...urlSecrets(url), ...Object.values(headers).flatMap(headerSecrets));
  if (oauth?.clientSecret !== undefined) secrets.add(oauth.clientSecret.reveal());
  const hasHeader = [...Object.keys(headers), ...url.searchParams.keys()].some(isCredentialName);
  const target: HttpTarget = {
    kind: 'http',
    url: withoutUserInfo(url),
    transport: input.transport ?? (/\/sse\/?$/.test(url.pathname) ? 'sse' : 'auto'),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, new Secret(value)]),
    ),
    ...tls,
    ...(proxy && { proxy: new Secret(proxy.href) }),
    ...(oauth && { oauth }),
  };
  const hasCredentials = hasHeader || oauth !== undefined;
  return { target: printMasked(target, secrets.list()), hasCredentials };
}

/** Builds the target of a server that is a child process. */
export async function toStdioTarget(
  entry: ServerEntry,
  secrets: SecretBag,
  isUnresolved: boolean,
  context: EntryContext,
): Promise<StdioTarget | undefined> {
  const { input, directory } = entry;
  const { report, home } = context;
  if (input.command === undefined) return undefined;
  const env = { ...(isUnresolved ? {} : await readEnvFile(entry, context)), ...input.env };
  for (const [name, value] of Object.entries(env)) {
    if (name === '' || /[=\0]/.test(name))
      report(['env', name], 'this is no name of an environment variable', 'key');
    if (value.includes('\0')) report(['env', name], 'must not hold a NUL character');
  }
  const args = input.args ?? [];
  if ([input.command, ...args].some((text) => text.includes('\0')))
    report(['command'], 'command and args must not hold a NUL character');
  secrets.add(...Object.values(env), ...argumentSecrets(args));
  const cwd =
    input.cwd === undefined ? entry.workingDirectory : resolvePath(input.cwd, directory, home);
  const target: StdioTarget = {
    kind: 'stdio',
    command: input.command,
    args,
    env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, new Secret(value)])),
    ...(cwd === undefined ? {} : { cwd }),
  };
  return printMasked(target, secrets.list());
}

async function readEnvFile(
  { input, directory }: ServerEntry,
  { readText, report, home }: EntryContext,
): Promise<Record<string, string>> {
  if (input.envFile === undefined) return {};
  const result = await readText(resolvePath(input.envFile, directory, home));
  if (!result.ok) {
    report(['envFile'], `the file ${result.reason}`);
    return {};
  }
  return Object.fromEntries(
    Object.entries(parseEnv(result.text)).map(([name, value]) => [name, value ?? '']),
  );
}
