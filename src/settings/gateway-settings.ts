import { dirname } from 'node:path';
import { isLoopbackHost } from '../facts/rules/loopback.ts';
import type { GatewaySettings } from '../facts/server.ts';
import type {
  AuthenticationSettings,
  JwtSettings,
  ListenAddress,
} from '../facts/service-settings.ts';
import { resolvePath } from './files.ts';
import { GATEWAY_DEFAULTS, type GatewayInput, type ServerGatewayInput } from './gateway.ts';
import type { LoadContext } from './load-context.ts';
import type { Path } from './problem.ts';
import { problemAt, type SourceFile } from './source-file.ts';

/** Where the gateway listens; undefined if it is off. */
export function gatewayListen({ listen }: Pick<GatewayInput, 'listen'>): ListenAddress | undefined {
  return listen === 'off' ? undefined : listen;
}

/**
 * Merges the settings of a server, `gateway` and the built-in defaults, in this order of precedence.
 * @param isMonitored a server that is not monitored is disabled at the gateway too, unless its own `enabled` is set
 */
export function completeGatewaySettings(
  server: ServerGatewayInput,
  all: ServerGatewayInput & Pick<GatewayInput, 'listen' | 'authentication'>,
  isMonitored: boolean,
): GatewaySettings {
  const listen = gatewayListen(all);
  // Otherwise anybody who reaches the gateway would use the operator's credentials.
  const isSafe =
    listen === undefined || isLoopbackHost(listen.host) || all.authentication !== undefined;
  return {
    enabled: server.enabled ?? isMonitored,
    timeoutMs: server.timeout ?? all.timeout ?? GATEWAY_DEFAULTS.timeout,
    preserveHost: server.preserveHost ?? all.preserveHost ?? GATEWAY_DEFAULTS.preserveHost,
    injectHeaders: server.injectHeaders ?? all.injectHeaders ?? isSafe,
    maxInFlight: server.maxInFlight ?? all.maxInFlight ?? GATEWAY_DEFAULTS.maxInFlight,
    maxSessions: server.maxSessions ?? all.maxSessions ?? GATEWAY_DEFAULTS.maxSessions,
    ...(server.prices && { prices: server.prices }),
  };
}

/** What our own file says about an imported server takes precedence, tool by tool for its prices. */
export function mergeGateways(
  base: ServerGatewayInput,
  over: ServerGatewayInput,
): ServerGatewayInput {
  const tools = { ...base.prices?.tools, ...over.prices?.tools };
  const prices = { ...base.prices, ...over.prices, tools };
  return { ...base, ...over, ...((base.prices || over.prices) && { prices }) };
}

type AuthenticationInput = NonNullable<GatewayInput['authentication']>;

const PATH: Path = ['gateway', 'authentication'];
/** About 96 bits if it is random. */
const TOKEN_CHARACTERS_MIN = 16;

/** Checks `gateway.authentication` for what the schema cannot see, and reads the key set that it names. */
export async function readAuthentication(
  { bearerTokens, jwt: written }: AuthenticationInput,
  source: SourceFile,
  context: LoadContext,
): Promise<AuthenticationSettings> {
  checkTokens(bearerTokens, source, context);
  const jwt = written && (await readJwt(written, source, context));
  return { bearerTokens, ...(jwt && { jwt }) };
}

function checkTokens(
  tokens: AuthenticationInput['bearerTokens'],
  source: SourceFile,
  { problems, warnings }: LoadContext,
): void {
  const names = new Set<string>();
  const values = new Set<string>();
  for (const [index, { name, token: secret }] of tokens.entries()) {
    const token = secret.reveal();
    const at = (key: string): Path => [...PATH, 'bearerTokens', index, key];
    if (names.has(name)) problems.push(problemAt(source, at('name'), 'this name is here twice'));
    if (values.has(token))
      problems.push(problemAt(source, at('token'), 'this token is here twice'));
    if (token.length < TOKEN_CHARACTERS_MIN) {
      const message = `this token is easy to guess: better at least ${TOKEN_CHARACTERS_MIN} random characters`;
      warnings.push(problemAt(source, at('token'), message));
    }
    names.add(name);
    values.add(token);
  }
}

async function readJwt(
  { jwksUrl, jwksFile, issuer, audience, userClaim }: NonNullable<AuthenticationInput['jwt']>,
  source: SourceFile,
  context: LoadContext,
): Promise<JwtSettings | undefined> {
  const report = (key: string, message: string): void => {
    context.problems.push(problemAt(source, [...PATH, 'jwt', key], message));
  };
  const rest = { issuer, audience, userClaim };
  if (jwksUrl !== undefined) {
    if (isSafeUrl(jwksUrl)) return { keys: { url: jwksUrl }, ...rest };
    report('jwksUrl', 'must be an https URL, or an http one on loopback');
    return undefined;
  }
  const path = resolvePath(jwksFile ?? '', dirname(context.path), context.home);
  const result = await context.readText(path);
  if (!result.ok) report('jwksFile', `the file ${result.reason}`);
  else if (isKeySet(result.text)) return { keys: { text: result.text }, ...rest };
  else report('jwksFile', 'the file holds no JSON Web Key Set: {"keys":[…]}');
  return undefined;
}

/** Anyone able to modify the response in transit could sign tokens. */
function isSafeUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url?.protocol === 'https:') return true;
  return url?.protocol === 'http:' && isLoopbackHost(url.hostname);
}

function isKeySet(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return (
      typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys)
    );
  } catch {
    return false;
  }
}
