import { dirname } from 'node:path';
import { z } from 'zod';
import { isLoopbackHost } from '../facts/rules/loopback.ts';
import type { RateLimit } from '../facts/rules/rate-limit.ts';
import type { Price } from '../facts/rules/usage-cost.ts';
import { AUTHORIZATION_MODES, type GatewaySettings } from '../facts/server.ts';
import type {
  AuthenticationSettings,
  JwtSettings,
  ListenAddress,
} from '../facts/service-settings.ts';
import { type LoadContext, resolvePath } from './files.ts';
import { GATEWAY_LISTEN_DEFAULT } from './gateway-address.ts';
import {
  addressOrOff,
  amount,
  choice,
  count,
  duration,
  flag,
  list,
  map,
  secret,
  section,
  size,
  text,
} from './schema-types.ts';
import { type Path, problemAt, type SourceFile } from './source-file.ts';
import { DAY, GB, HOUR, KB, MB, MINUTE, SECOND } from './units.ts';

/** What applies to a server if neither its `gateway` nor the one for all servers sets a key. */
const GATEWAY_DEFAULTS = {
  preserveHost: false,
  authorization: 'pass',
  timeout: 5 * MINUTE,
  maxInFlight: 256,
  maxSessions: 20,
} as const;

/** What a browser or a client may send in a header field. */
const HOST = /^(?:\*\.)?(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/;
const ORIGIN = /^(?:[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]+|null)$/i;

const PUBLIC_URL = /^https?:\/\/[^\s/?#@\\]+(?:\/[^\s?#\\]*)?$/i;

/** Both for all servers and for one. */
const perServer = {
  timeout: duration(10, DAY, {
    description:
      'Time until a server must begin to answer a request; otherwise 504, outcome `timeout`. Streams are not limited.',
    default: GATEWAY_DEFAULTS.timeout,
  }).exactOptional(),
  preserveHost: flag({
    description:
      "Forward the client's `Host` instead of the server's own. Servers with protection against DNS rebinding reject it.",
    default: GATEWAY_DEFAULTS.preserveHost,
  }).exactOptional(),
  injectHeaders: flag({
    description:
      "Add a server's `headers`, and the access token of its `auth`, to requests of clients that do not send them. On by default if the gateway listens on loopback or has `authentication`: otherwise anybody could use your credentials, so it must be enabled explicitly.",
  }).exactOptional(),
  authorization: choice(AUTHORIZATION_MODES, {
    description:
      'For servers that want OAuth, at addresses other than `publicUrl`. `pass`: challenges and metadata are forwarded unchanged, and clients refuse them there. `rewrite`: the gateway presents its own address as the protected resource (RFC 9728), so that clients connect; a server that checks the audience of its tokens (RFC 8707) refuses them.',
    default: GATEWAY_DEFAULTS.authorization,
  }).exactOptional(),
  maxInFlight: count(1, 100_000, {
    description:
      'Concurrent requests to one server; more get 503. The last eighth is reserved for clients with less than their fair share.',
    default: GATEWAY_DEFAULTS.maxInFlight,
  }).exactOptional(),
  maxSessions: count(1, 100_000, {
    description:
      'Sessions of one server, if each session is a child process or a connection of its own. The last eighth is reserved for clients with less than their fair share.',
    default: GATEWAY_DEFAULTS.maxSessions,
  }).exactOptional(),
};

const TOKEN_ERROR = 'must be visible ASCII characters without a space';

const bearerToken = section(
  {
    name: text({
      description: 'Its holder: the user in logs and limits.',
      examples: ['ci'],
    }),
    token: secret(
      {
        description: 'The token itself; preferably a variable, or `token_file`.',
        examples: ['${CI_TOKEN}'],
      },
      z
        .string({ error: TOKEN_ERROR })
        .min(1, { error: 'must not be empty' })
        .regex(/^[\x21-\x7e]+$/, { error: TOKEN_ERROR }),
    ),
  },
  { description: 'A client that is allowed.' },
);

const jwt = section(
  {
    jwksUrl: text({
      description:
        'URL of the key set (https, or http on loopback). It is cached, and fetched again when a token names a new key.',
      examples: ['https://login.example.com/.well-known/jwks.json'],
      secret: true,
    }).exactOptional(),
    jwksFile: text({
      description: 'File with the key set instead of a URL, relative to this file.',
      examples: ['./jwks.json'],
    }).exactOptional(),
    issuer: text({
      description: 'Required value of the claim `iss`.',
      examples: ['https://login.example.com/'],
    }),
    audience: text({
      description: 'Value that the claim `aud` must equal or contain.',
      examples: ['https://mcp.example.com'],
    }),
    userClaim: text({
      description: 'Claim with the name of the user in logs and limits.',
    }).default('sub'),
  },
  { description: 'Tokens signed by an identity provider.' },
).refine(({ jwksUrl, jwksFile }) => (jwksUrl === undefined) !== (jwksFile === undefined), {
  error: 'must have either jwksUrl or jwksFile',
});

const authentication = section(
  {
    bearerTokens: list(bearerToken, {
      description: 'Fixed tokens, one per client.',
      examples: [[{ name: 'ci', token: '${CI_TOKEN}' }]],
    }).prefault([]),
    jwt: jwt.exactOptional(),
  },
  {
    description:
      'Who may use the gateway: clients with `Authorization: Bearer …` and one of these tokens; all others get 401. The header is then not forwarded to the server. If not set, everybody who can reach the gateway may use it.',
  },
).refine(({ bearerTokens, jwt: tokens }) => bearerTokens.length > 0 || tokens, {
  error: 'must have bearerTokens or jwt',
});

const rateLimit = section(
  {
    requests: count(1, 1_000_000, {
      description: 'Average number of requests of one client within `per`.',
    }).default(100),
    per: duration(100, HOUR, {
      description: 'Period in which they are counted.',
    }).default(1 * SECOND),
    burst: count(1, 1_000_000, {
      description: 'Number of requests at once; by default the same as `requests`.',
    }).exactOptional(),
  },
  {
    description:
      'Limit per client, that is per authenticated user or else per address; further requests get 429 with `Retry-After`. `{}` for the defaults; if not set, there is no limit.',
  },
).transform(({ requests, per, burst = requests }): RateLimit => ({ requests, perMs: per, burst }));

/** `gateway:` */
export const GatewaySchema = section(
  {
    listen: addressOrOff({
      description:
        '`host:port` where clients reach the servers, as `http://host:port/NAME/mcp`. `off`: no gateway.',
      examples: ['0.0.0.0:19100', 'off'],
      reloadable: false,
    }).default(GATEWAY_LISTEN_DEFAULT),
    allowedHosts: list(
      text(
        {
          description: 'A name, with a port or for every port; `*.example.com` for all subdomains.',
        },
        { pattern: HOST, message: 'must be a host such as mcp.example.com, with or without port' },
      ),
      {
        description:
          'Names that are accepted in the `Host` header, in addition to names of this machine; all others get 403. If empty, only names of this machine are accepted on loopback, and every name elsewhere.',
        examples: [['mcp.example.com', 'mcp.internal:8443']],
      },
    )
      .transform(toLowerCase)
      .default([]),
    allowedOrigins: list(
      text(
        { description: 'Scheme and host, and the port unless it is the default.' },
        { pattern: ORIGIN, message: 'must be an origin such as https://app.example.com' },
      ),
      {
        description:
          'Web pages that may call the gateway (`Origin` header), in addition to the gateway’s own origin if its host is listed or an address, and to pages of this machine if the gateway listens on loopback. Requests without the header, as sent by programs, are accepted.',
        examples: [['https://app.example.com']],
      },
    )
      .transform(toLowerCase)
      .default([]),
    ...perServer,
    bodyLimit: size(KB, GB, {
      description: 'Maximum size of a request body; larger ones get 413.',
      reloadable: false,
    }).default(16 * MB),
    sessionIdle: duration(SECOND, 7 * DAY, {
      description:
        'A session without a message for this long is closed with its child process; so is a child process that clients share.',
      reloadable: false,
    }).default(30 * MINUTE),
    authentication: authentication.exactOptional(),
    rateLimit: rateLimit.exactOptional(),
  },
  {
    description: 'The gateway, which clients can use instead of the servers themselves.',
    reloadable: true,
  },
);

const priceKeys = {
  perCall: amount(0, 1_000_000, {
    description: 'Per answered tool call, in US dollars.',
    examples: [0.002],
  }).exactOptional(),
  perThousandInputTokens: amount(0, 1_000_000, {
    description: 'Per thousand tokens of requests.',
  }).exactOptional(),
  perThousandOutputTokens: amount(0, 1_000_000, {
    description: 'Per thousand tokens of answers.',
  }).exactOptional(),
};

/** `gateway:` of one server. */
export const ServerGatewaySchema = section(
  {
    enabled: flag({
      description:
        '`false`: the gateway refuses its calls with 503. By default the value of `monitor.enabled`: a disabled server is disabled everywhere.',
    }).exactOptional(),
    publicUrl: text(
      {
        description:
          'Public address of the server, if the gateway stands under it: requests with its host are forwarded to this server with their path unchanged, and so are all documents of its OAuth. Tokens are bound to the address that clients see, so that this is the way for servers that want OAuth.',
        examples: ['https://mcp.example.com/mcp'],
      },
      { pattern: PUBLIC_URL, message: 'must be an http or https URL without query or credentials' },
    ).exactOptional(),
    ...perServer,
    prices: section(
      {
        ...priceKeys,
        tools: map(
          section(priceKeys, {
            description: 'Prices of one tool; prices that are not set are the server’s.',
          }).transform(priceOf),
          {
            description: 'Tools with prices of their own.',
            examples: [{ search: { perCall: 0.01 } }],
          },
        ).prefault({}),
      },
      { description: 'Prices of this server, for `mcp_cost_usd_total`.' },
    )
      .transform(({ tools, ...own }) => ({ ...priceOf(own), tools }))
      .exactOptional(),
  },
  { description: 'How the gateway treats this server; keys that are not set come from `gateway`.' },
);

export type GatewayInput = z.output<typeof GatewaySchema>;
export type ServerGatewayInput = z.output<typeof ServerGatewaySchema>;

function toLowerCase(values: readonly string[]): readonly string[] {
  return values.map((value) => value.toLowerCase());
}

function priceOf({
  perCall,
  perThousandInputTokens,
  perThousandOutputTokens,
}: {
  readonly perCall?: number;
  readonly perThousandInputTokens?: number;
  readonly perThousandOutputTokens?: number;
}): Price {
  return {
    ...(perCall !== undefined && { perCallUsd: perCall }),
    ...(perThousandInputTokens !== undefined && {
      perThousandInputTokensUsd: perThousandInputTokens,
    }),
    ...(perThousandOutputTokens !== undefined && {
      perThousandOutputTokensUsd: perThousandOutputTokens,
    }),
  };
}

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
    authorization: server.authorization ?? all.authorization ?? GATEWAY_DEFAULTS.authorization,
    injectHeaders: server.injectHeaders ?? all.injectHeaders ?? isSafe,
    maxInFlight: server.maxInFlight ?? all.maxInFlight ?? GATEWAY_DEFAULTS.maxInFlight,
    maxSessions: server.maxSessions ?? all.maxSessions ?? GATEWAY_DEFAULTS.maxSessions,
    ...(server.publicUrl !== undefined && { publicUrl: server.publicUrl }),
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
