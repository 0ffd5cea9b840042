import { redact, type Secret } from './secret.ts';
import type { ServerPrices } from './rules/usage-cost.ts';

/** How a server is reached: the `transport` label, and `type` in configuration files of clients. */
export const TRANSPORTS = ['http', 'sse', 'stdio'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** `legacy` starts with `initialize` (2024-10-07 … 2025-11-25), `modern` is stateless (2026-07-28, `server/discover`). */
export type Era = 'legacy' | 'modern';

export interface HttpTarget {
  readonly kind: 'http';
  readonly url: string;
  /** `auto`: Streamable HTTP, then HTTP+SSE if the endpoint answers as the specification says old servers do. */
  readonly transport: 'auto' | 'http' | 'sse';
  readonly headers: Readonly<Record<string, Secret>>;
  /** How an access token is obtained; undefined without `auth`. */
  readonly oauth?: OAuthSettings;
  /** PEM text of extra certificate authorities. */
  readonly tlsCa?: string;
  /** PEM text of the certificate that this side presents, with its chain, and its private key: both or none. */
  readonly tlsCert?: string;
  readonly tlsKey?: Secret;
  /** Asked for by SNI, and the name that the server's certificate must have, in place of the host of `url`. */
  readonly tlsServerName?: string;
  readonly tlsSkipVerify: boolean;
  /** URL of the HTTP proxy that all requests go through, with its credentials. */
  readonly proxy?: Secret;
}

/** How connections to a remote server are made and secured. */
export type RemoteAccess = Pick<
  HttpTarget,
  'tlsCa' | 'tlsCert' | 'tlsKey' | 'tlsServerName' | 'tlsSkipVerify' | 'proxy'
>;

/** How access tokens for a remote server are obtained (OAuth 2.1). */
export interface OAuthSettings {
  /** `authorization_code`: a person logs in once, with `mcp-exporter login`. */
  readonly grant: 'client_credentials' | 'authorization_code';
  /** Undefined: found by the metadata of the server (RFC 9728) and of its authorization server (RFC 8414). */
  readonly tokenUrl?: string;
  readonly authorizationUrl?: string;
  /** The only authorization server that may see the credentials. */
  readonly issuer?: string;
  readonly clientId?: string;
  readonly clientSecret?: Secret;
  readonly scopes: readonly string[];
  /** For which the token is to be valid (RFC 8707). */
  readonly resource?: string;
  /** Absolute path of the file that keeps the login of a person. */
  readonly loginFile: string;
}

export interface StdioTarget {
  readonly kind: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the environment of the exporter itself. */
  readonly env: Readonly<Record<string, Secret>>;
  readonly cwd?: string;
}

/** A configured read-only tool call that proves more than a list does; see `assertContent`. */
export interface SyntheticCall {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly expect: {
    readonly contains?: string;
    /** Source of a regular expression. */
    readonly matches?: string;
    readonly notContains?: string;
  };
}

/** How one server is monitored. Durations are in milliseconds; defaults are in the configuration schema. */
export interface MonitorSettings {
  /** `false`: never checked, status Disabled. */
  readonly enabled: boolean;
  /** Between checks while Healthy. */
  readonly intervalMs: number;
  /** Between checks while Warning or Critical. */
  readonly unhealthyIntervalMs: number;
  /** After a first failure, until the verdict is final. */
  readonly retryIntervalMs: number;
  /** Upper bound of the back-off while Offline; by default the interval. */
  readonly offlineIntervalMsMax: number;
  /** A steady check. */
  readonly timeoutMs: number;
  /** A handshake or the start of a child. */
  readonly startTimeoutMs: number;
  /** Between deep checks (fresh handshake, lists, synthetic call). */
  readonly deepIntervalMs: number;
  /** Consecutive failures that mean Offline. */
  readonly offlineAfter: number;
  /** Consecutive successes before Offline clears. */
  readonly healthyAfter: number;
  /** How long it is Offline until it is disabled automatically; never if absent. */
  readonly disableAfterMs?: number;
  readonly responseTime: { readonly warningMs: number; readonly criticalMs: number };
  /** Failures among the real calls through the gateway, as shares from 0 to 1. */
  readonly errorRate: {
    readonly warningRatio: number;
    readonly criticalRatio: number;
    /** Tool errors count only from this share on, and lead to Warning at most. */
    readonly toolErrorRatio: number;
    readonly windowMs: number;
    /** With fewer calls in the window the rate is not evaluated. */
    readonly minRequests: number;
  };
  /** Whether the latency of `tools/call` counts towards `responseTime`; tools are slow by nature. */
  readonly callLatency: boolean;
  readonly era: 'auto' | Era;
  readonly call?: SyntheticCall;
}

/**
 * What the gateway does with a server's challenges and metadata (RFC 9728): nothing, or it replaces the server's address by its
 * own.
 */
export const AUTHORIZATION_MODES = ['pass', 'rewrite'] as const;

/** How the gateway treats one server. */
export interface GatewaySettings {
  /** `false`: the gateway refuses its calls because it is disabled. */
  readonly enabled: boolean;
  /** Until the head of a response. */
  readonly timeoutMs: number;
  readonly preserveHost: boolean;
  /** Where clients reach the server, if the gateway stands at its public address: an absolute URL without query. */
  readonly publicUrl?: string;
  /** At all addresses but `publicUrl`, where everything passes unchanged. */
  readonly authorization: (typeof AUTHORIZATION_MODES)[number];
  /** Whether headers of the configuration are added to requests that do not have them. */
  readonly injectHeaders: boolean;
  /** Requests, not streams. */
  readonly maxInFlight: number;
  /** Sessions, and therefore child processes of a stdio server. */
  readonly maxSessions: number;
  readonly prices?: ServerPrices;
}

/** One configured server. */
export interface ServerSpec {
  /** The configured name: the `server` label of every metric. */
  readonly name: string;
  readonly target: HttpTarget | StdioTarget;
  readonly monitor: MonitorSettings;
  readonly gateway: GatewaySettings;
  /** Who owns it, and anything else to group it by: names are label names of Prometheus, in their order; no value is empty. */
  readonly labels: Readonly<Record<string, string>>;
  /** Where it is defined, as `file:line`. */
  readonly source: string;
  /** Every literal that must not be printed: header and environment values, credentials in the URL, expanded variables. */
  readonly secrets: readonly Secret[];
  /** Whether the configuration holds credentials for it (decides between Warning and Critical on 401 and 403). */
  readonly hasCredentials: boolean;
  /** Why it cannot be checked, for example an unresolved `${input:token}`; its status is then Unknown. */
  readonly unresolved?: string;
}

/** Stands in for a URL that is not known; never called, since such a server is not checked. */
export const UNRESOLVED_URL = 'http://unresolved.invalid/';

/**
 * What the `endpoint` label and the pages show: scheme, host and path, or the command's base name; never a query, user or
 * argument. A secret in the path is masked, because some hosts give each user a private URL.
 */
export function endpointLabel({ target, secrets }: Pick<ServerSpec, 'target' | 'secrets'>): string {
  if (target.kind === 'stdio') {
    return redact(target.command.split(/[\\/]/).at(-1) ?? target.command, secrets);
  }
  if (target.url === UNRESOLVED_URL) return 'unknown';
  // Masked before it is parsed, because parsing may change how a secret is written.
  const url = URL.parse(redact(target.url, secrets)) ?? URL.parse(target.url);
  return url ? redact(`${url.protocol}//${url.host}${url.pathname}`, secrets) : 'invalid-url';
}

/** Whether the certificate of a server is verified; `undefined` without TLS. */
export function isTlsVerified(target: ServerSpec['target']): boolean | undefined {
  const isTls = target.kind === 'http' && URL.parse(target.url)?.protocol === 'https:';
  return isTls ? !target.tlsSkipVerify : undefined;
}

/** The transport that is assumed before the server was contacted. */
export function expectedTransport(target: HttpTarget | StdioTarget): Transport {
  if (target.kind === 'stdio') return 'stdio';
  return target.transport === 'sse' ? 'sse' : 'http';
}
