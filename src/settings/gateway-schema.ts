import { z } from 'zod';
import type { RateLimit } from '../facts/rules/rate-limit.ts';
import type { Price } from '../facts/rules/usage-cost.ts';
import { GATEWAY_LISTEN_DEFAULT, parseListen } from './listen-address.ts';
import {
  amount,
  count,
  duration,
  flag,
  type KeyMeta,
  list,
  map,
  secret,
  section,
  size,
  text,
} from './schema-types.ts';
import { DAY, GB, HOUR, KB, MB, MINUTE, SECOND } from './units.ts';

/** What applies to a server if neither its `gateway` nor the one for all servers sets a key. */
export const GATEWAY_DEFAULTS = {
  preserveHost: false,
  timeout: 5 * MINUTE,
  maxInFlight: 256,
  maxSessions: 20,
} as const;

const HOST_AND_PORT = String.raw`(?:\[[0-9a-fA-F:.%\w]+\]|[^\s:[\]/]+):\d{1,5}`;
/** What a browser or a client may put into a header field. */
const HOST = /^(?:\*\.)?(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/;
const ORIGIN = /^(?:[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]+|null)$/i;

/** `host:port` of a listener. */
export function address(meta: KeyMeta) {
  const error = 'must be host:port, such as 127.0.0.1:19110 or 0.0.0.0:19110';
  return hostAndPort(`^${HOST_AND_PORT}$`, error)
    .transform(parseListen)
    .meta({ ...meta, unit: 'address' });
}

/** `host:port` of a listener, or `off`. */
function addressOrOff(meta: KeyMeta) {
  const error = 'must be host:port, such as 127.0.0.1:19100 or 0.0.0.0:19100, or off';
  const written = hostAndPort(`^(?:${HOST_AND_PORT}|off)$`, error);
  // YAML 1.1 editors and people write `off` and `false` alike.
  return z
    .preprocess((value) => (value === false ? 'off' : value), written)
    .transform((value) => (value === 'off' ? value : parseListen(value)))
    .meta({ ...meta, unit: 'address' });
}

function hostAndPort(pattern: string, error: string) {
  return z
    .string({ error })
    .regex(new RegExp(pattern), { error })
    .refine((value) => value === 'off' || parseListen(value).port <= 65_535, {
      error: 'must have a port from 0 to 65535',
    });
}

/** Both for all servers and for one. */
const perServer = {
  timeout: duration(10, DAY, {
    description:
      'A server that has not begun to answer a request by then is given up: 504, outcome `timeout`. Streams may last as long as both sides like.',
    default: GATEWAY_DEFAULTS.timeout,
  }).exactOptional(),
  preserveHost: flag({
    description:
      "Send the client's `Host` on instead of the server's own. Servers that check it against DNS rebinding refuse the client's.",
    default: GATEWAY_DEFAULTS.preserveHost,
  }).exactOptional(),
  injectHeaders: flag({
    description:
      "Send a server's `headers` of this file with requests of clients that have none of that name. By default where the gateway listens on loopback or has `authentication`: everywhere else anybody would act with your credentials, so that it must be written.",
  }).exactOptional(),
  maxInFlight: count(1, 100_000, {
    description:
      'Requests of one server that are answered at the same time. Beyond it: 503. The last eighth of it is kept for clients that hold less than their fair share.',
    default: GATEWAY_DEFAULTS.maxInFlight,
  }).exactOptional(),
  maxSessions: count(1, 100_000, {
    description:
      'Sessions of one server whose every session is a child process or a connection of its own.',
    default: GATEWAY_DEFAULTS.maxSessions,
  }).exactOptional(),
};

const TOKEN_ERROR = 'must be visible ASCII characters without a space';

const bearerToken = section(
  {
    name: text({
      description: 'Who holds it: the user of logs and limits.',
      examples: ['ci'],
    }),
    token: secret(
      {
        description: 'The token itself; better a variable, or `token_file`.',
        examples: ['${CI_TOKEN}'],
      },
      z
        .string({ error: TOKEN_ERROR })
        .min(1, { error: 'must not be empty' })
        .regex(/^[\x21-\x7e]+$/, { error: TOKEN_ERROR }),
    ),
  },
  { description: 'A client that may pass.' },
);

const jwt = section(
  {
    jwksUrl: text({
      description:
        'Address of the key set (https, or http on loopback). It is cached, and read again when a token names a new key.',
      examples: ['https://login.example.com/.well-known/jwks.json'],
      secret: true,
    }).exactOptional(),
    jwksFile: text({
      description: 'File with the key set instead, relative to this file.',
      examples: ['./jwks.json'],
    }).exactOptional(),
    issuer: text({
      description: 'The claim `iss` must be this.',
      examples: ['https://login.example.com/'],
    }),
    audience: text({
      description: 'The claim `aud` must be or hold this.',
      examples: ['https://mcp.example.com'],
    }),
    userClaim: text({
      description: 'The claim that names the user of logs and limits.',
    }).default('sub'),
  },
  { description: 'Tokens that an identity provider signed.' },
).refine(({ jwksUrl, jwksFile }) => (jwksUrl === undefined) !== (jwksFile === undefined), {
  error: 'must have either jwksUrl or jwksFile',
});

const authentication = section(
  {
    bearerTokens: list(bearerToken, {
      description: 'Fixed tokens, one for each client.',
      examples: [[{ name: 'ci', token: '${CI_TOKEN}' }]],
    }).prefault([]),
    jwt: jwt.exactOptional(),
  },
  {
    description:
      'Who may use the gateway: `Authorization: Bearer …` with one of these, everybody else gets 401. The header is then not sent on to the server. Left out: everybody who reaches it.',
  },
).refine(({ bearerTokens, jwt: tokens }) => bearerTokens.length > 0 || tokens, {
  error: 'must have bearerTokens or jwt',
});

const rateLimit = section(
  {
    requests: count(1, 1_000_000, {
      description: 'So many requests of one client are answered in `per`, on average.',
    }).default(100),
    per: duration(100, HOUR, {
      description: 'Over how long they are counted.',
    }).default(1 * SECOND),
    burst: count(1, 1_000_000, {
      description: 'So many at once; by default as many as `requests`.',
    }).exactOptional(),
  },
  {
    description:
      'Limit for each client, that is each authenticated user or else each address: 429 with `Retry-After` beyond it. `{}` for the defaults; left out: no limit.',
  },
).transform(({ requests, per, burst = requests }): RateLimit => ({ requests, perMs: per, burst }));

/** `gateway:` */
export const GatewaySchema = section(
  {
    listen: addressOrOff({
      description:
        '`host:port` where clients find the servers, as `http://host:port/NAME/mcp`. `off`: no gateway.',
      examples: ['0.0.0.0:19100', 'off'],
      reloadable: false,
    }).default(GATEWAY_LISTEN_DEFAULT),
    allowedHosts: list(
      text(
        { description: 'A name, with a port or for every port; `*.example.com` for all below.' },
        { pattern: HOST, message: 'must be a host such as mcp.example.com, with or without port' },
      ),
      {
        description:
          'Names in the `Host` header that are answered, everything else gets 403. Empty: on loopback only names of this machine, elsewhere every name. What is listed is allowed beside names of this machine.',
        examples: [['mcp.example.com', 'mcp.internal:8443']],
      },
    )
      .transform(toLowerCase)
      .default([]),
    allowedOrigins: list(
      text(
        { description: 'Scheme and host, and the port where it is no default.' },
        { pattern: ORIGIN, message: 'must be an origin such as https://app.example.com' },
      ),
      {
        description:
          'Web pages that may call (`Origin` header), beside the gateway’s own origin where its host is listed or an address, and pages of this machine where the gateway listens on loopback. Requests without the header, as programs send them, pass.',
        examples: [['https://app.example.com']],
      },
    )
      .transform(toLowerCase)
      .default([]),
    ...perServer,
    bodyLimit: size(KB, GB, {
      description: 'Largest body of a request: 413 beyond it.',
      reloadable: false,
    }).default(16 * MB),
    sessionIdle: duration(SECOND, 7 * DAY, {
      description:
        'A session without a message for this long is over, and its child with it; so is a child that clients share.',
      reloadable: false,
    }).default(30 * MINUTE),
    authentication: authentication.exactOptional(),
    rateLimit: rateLimit.exactOptional(),
  },
  {
    description: 'The gateway that clients can be pointed at instead of the servers.',
    reloadable: true,
  },
);

const priceKeys = {
  perCall: amount(0, 1_000_000, {
    description: 'For each tool call that is answered, in US dollars.',
    examples: [0.002],
  }).exactOptional(),
  perThousandInputTokens: amount(0, 1_000_000, {
    description: 'For a thousand tokens of requests.',
  }).exactOptional(),
  perThousandOutputTokens: amount(0, 1_000_000, {
    description: 'For a thousand tokens of answers.',
  }).exactOptional(),
};

/** `gateway:` of one server. */
export const ServerGatewaySchema = section(
  {
    enabled: flag({
      description:
        '`false`: the gateway refuses its calls with 503. By default what `monitor.enabled` says: a server that is switched off is so everywhere.',
    }).exactOptional(),
    ...perServer,
    prices: section(
      {
        ...priceKeys,
        tools: map(
          section(priceKeys, {
            description: 'Prices of one tool; what is left out is the server’s.',
          }).transform(priceOf),
          {
            description: 'Tools with prices of their own.',
            examples: [{ search: { perCall: 0.01 } }],
          },
        ).prefault({}),
      },
      { description: 'What the use of this server costs, for `mcp_cost_usd_total`.' },
    )
      .transform(({ tools, ...own }) => ({ ...priceOf(own), tools }))
      .exactOptional(),
  },
  { description: 'How the gateway treats this server; what is left out comes from `gateway`.' },
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
    ...(perCall === undefined ? {} : { perCallUsd: perCall }),
    ...(perThousandInputTokens === undefined
      ? {}
      : { perThousandInputTokensUsd: perThousandInputTokens }),
    ...(perThousandOutputTokens === undefined
      ? {}
      : { perThousandOutputTokensUsd: perThousandOutputTokens }),
  };
}
