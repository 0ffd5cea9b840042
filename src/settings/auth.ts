import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { z } from 'zod';
import { isLoopbackHost } from '../facts/rules/loopback.ts';
import { Secret } from '../facts/secret.ts';
import type { OAuthSettings } from '../facts/server.ts';
import { type ReadText, resolvePath } from './files.ts';
import { choice, list, secret, section, text } from './schema-types.ts';
import type { Path } from './source-file.ts';

/** What a program needs to get tokens for itself. */
const CLIENT_CREDENTIALS = {
  clientSecret: secret({
    description: 'Its secret.',
    examples: ['${CLIENT_SECRET}'],
  }).exactOptional(),
  clientSecretFile: text({
    description: 'File with its secret, relative to this one.',
    examples: ['/run/secrets/mcp-client'],
  }).exactOptional(),
  scopes: list(text({ description: 'One scope.' }), {
    description: 'Scopes to ask for. By default those that the server names.',
    examples: [['mcp:read']],
  }).prefault([]),
  resource: text({
    description:
      'What the token is to be valid for (RFC 8707). By default the resource that the server names.',
    examples: ['https://mcp.example.com/mcp'],
  }).exactOptional(),
  issuer: text({
    description:
      'The only authorization server that gets the credentials. By default the one that the server names (RFC 9728).',
    examples: ['https://auth.example.com'],
  }).exactOptional(),
  tokenUrl: text({
    description:
      'Token endpoint. By default it is found by the metadata of the server (RFC 9728) and of its authorization server (RFC 8414).',
    examples: ['https://auth.example.com/oauth2/token'],
  }).exactOptional(),
};

const TOKENS = { description: 'Access tokens by OAuth 2.1, sent as `Authorization: Bearer`.' };

const OAuth2Schema = section(
  {
    grant: choice(['client_credentials', 'authorization_code'], {
      description:
        'How a token is obtained: with the credentials of the client alone, or from the login of a person (`mcp-exporter login NAME`). By default `client_credentials` if there is a client secret, else `authorization_code`.',
    }).exactOptional(),
    clientId: text({
      description:
        'The client as registered at the authorization server. Without it, `mcp-exporter login` registers one (RFC 7591).',
      examples: ['mcp-exporter'],
    }).exactOptional(),
    ...CLIENT_CREDENTIALS,
    authorizationUrl: text({
      description: 'Authorization endpoint, for a login if `tokenUrl` is set.',
      examples: ['https://auth.example.com/oauth2/authorize'],
    }).exactOptional(),
    loginFile: text({
      description:
        'File that keeps the login of a person, relative to this one; mode 0600. By default `logins/NAME.json` beside the journal.',
    }).exactOptional(),
  },
  TOKENS,
);

export const AuthSchema = section(
  { oauth2: OAuth2Schema.exactOptional() },
  {
    description:
      'How the exporter authenticates itself to a remote server, in place of a header `Authorization`; see [Servers that want OAuth](oauth.md).',
  },
);

/** `auth` of a program that the exporter itself uses: nobody logs in to it. */
export const ApiAuthSchema = section(
  {
    oauth2: section(
      {
        clientId: text({
          description: 'The client as registered at the authorization server.',
          examples: ['mcp-exporter'],
        }).exactOptional(),
        ...CLIENT_CREDENTIALS,
      },
      TOKENS,
    ).exactOptional(),
  },
  {
    description:
      'Access tokens in place of a header `Authorization`: as for servers, by [client credentials](oauth.md#client-credentials).',
  },
);

export type AuthInput = z.output<typeof AuthSchema>;
type OAuth2Input = z.output<typeof OAuth2Schema>;

/** Where `auth` comes from: our own file, as an entry's own key or as settings of an imported server. */
export interface AuthSource {
  readonly values: AuthInput;
  readonly directory: string;
  /** `path` is relative to `auth`. */
  readonly report: (path: Path, message: string) => void;
}

export interface AuthContext {
  /** Of the server. */
  readonly name: string;
  /** Lower-case names. */
  readonly headers: readonly string[];
  readonly hasUserInfo: boolean;
  /** Where logins are kept by default. */
  readonly loginDirectory: string;
  readonly readText: ReadText;
  readonly home: string | undefined;
}

/** The settings of `auth`, checked; undefined if there are none, or after a mistake. */
export async function completeAuth(
  { values, directory, report }: AuthSource,
  context: AuthContext,
): Promise<OAuthSettings | undefined> {
  const input = values.oauth2;
  if (input === undefined) {
    report([], 'needs oauth2');
    return undefined;
  }
  if (context.headers.includes('authorization'))
    report([], 'excludes a header Authorization: both would be sent under the same name');
  if (context.hasUserInfo)
    report([], 'excludes user and password in url: both would be sent as Authorization');
  const secretOfFile = await readSecretFile(input, directory, report, context);
  const clientSecret = input.clientSecret ?? secretOfFile;
  const hasSecret = input.clientSecret !== undefined || input.clientSecretFile !== undefined;
  const grant = input.grant ?? (hasSecret ? 'client_credentials' : 'authorization_code');
  checkCombination(input, grant, hasSecret, report);
  checkAddresses(input, report);
  return {
    grant,
    scopes: input.scopes,
    ...(input.clientId !== undefined && { clientId: input.clientId }),
    ...(clientSecret !== undefined && { clientSecret }),
    ...(input.resource !== undefined && { resource: input.resource }),
    ...(input.issuer !== undefined && { issuer: input.issuer }),
    ...(input.tokenUrl !== undefined && { tokenUrl: input.tokenUrl }),
    ...(input.authorizationUrl !== undefined && { authorizationUrl: input.authorizationUrl }),
    loginFile:
      input.loginFile === undefined
        ? join(context.loginDirectory, loginFileName(context.name))
        : resolvePath(input.loginFile, directory, context.home),
  };
}

async function readSecretFile(
  { clientSecret, clientSecretFile }: OAuth2Input,
  directory: string,
  report: AuthSource['report'],
  { readText, home }: AuthContext,
): Promise<Secret | undefined> {
  if (clientSecretFile === undefined) return undefined;
  const path = ['oauth2', 'clientSecretFile'];
  if (clientSecret !== undefined) {
    report(path, 'excludes clientSecret: one of the two is enough');
    return undefined;
  }
  const result = await readText(resolvePath(clientSecretFile, directory, home));
  const found = result.ok ? result.text.trim() : '';
  if (found !== '') return new Secret(found);
  report(path, result.ok ? 'the file is empty' : `the file ${result.reason}`);
  return undefined;
}

function checkCombination(
  { clientId, tokenUrl, authorizationUrl, loginFile }: OAuth2Input,
  grant: OAuthSettings['grant'],
  hasSecret: boolean,
  report: AuthSource['report'],
): void {
  const isLogin = grant === 'authorization_code';
  if (!isLogin && !hasSecret)
    report(['oauth2'], 'grant client_credentials needs clientSecret or clientSecretFile');
  if (clientId === undefined && hasSecret) report(['oauth2'], 'a client secret needs clientId');
  else if (clientId === undefined && !isLogin)
    report(['oauth2'], 'grant client_credentials needs clientId');
  else if (clientId === undefined && tokenUrl !== undefined)
    report(['oauth2'], 'tokenUrl needs clientId: nothing says where to register a client');
  if (isLogin && (tokenUrl === undefined) !== (authorizationUrl === undefined))
    report(['oauth2'], 'a login needs both tokenUrl and authorizationUrl, or neither of them');
  if (!isLogin && authorizationUrl !== undefined)
    report(['oauth2', 'authorizationUrl'], 'has no effect with grant client_credentials');
  if (!isLogin && loginFile !== undefined)
    report(['oauth2', 'loginFile'], 'has no effect with grant client_credentials');
}

/** Secrets and tokens go there (OAuth 2.1 §1.5: TLS, except on the own machine). */
const PROTECTED = ['tokenUrl', 'authorizationUrl', 'issuer'] as const;

function checkAddresses(input: OAuth2Input, report: AuthSource['report']): void {
  for (const key of PROTECTED) {
    const value = input[key];
    if (value === undefined) continue;
    const url = URL.parse(value);
    const isSafe =
      url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname));
    if (!isSafe)
      report(['oauth2', key], 'must be an https:// URL, or an http:// URL of this machine');
    else if (url.username !== '' || url.password !== '' || url.hash !== '')
      report(['oauth2', key], 'must hold neither user nor password nor fragment');
  }
  const resource = input.resource === undefined ? undefined : URL.parse(input.resource);
  if (resource === null || (resource && resource.hash !== ''))
    report(['oauth2', 'resource'], 'must be an absolute URI without a fragment');
}

const FILE_NAME_MAX = 100;

/** A name may hold any character, and be longer than a file name may be once it is encoded. */
function loginFileName(name: string): string {
  const encoded = encodeURIComponent(name).replaceAll('*', '%2A');
  if (encoded.length <= FILE_NAME_MAX) return `${encoded}.json`;
  return `${createHash('sha256').update(name).digest('hex').slice(0, 32)}.json`;
}
