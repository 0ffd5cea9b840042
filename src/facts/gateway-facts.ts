/**
 * Published by the gateway, in addition to one `CallRecord` per call; read by the metrics and the log. Calls are also
 * read by tracing and the prober.
 */
import type { Transport } from './server.ts';

/** Values of the `method` and `status` labels. */
export const AUTH_METHODS = ['bearer', 'jwt', 'none'] as const;
export const AUTH_STATUSES = ['success', 'failure'] as const;

/** A client presented credentials to the gateway, or should have done so. */
export interface AuthAttempted {
  readonly fact: 'auth';
  readonly method: (typeof AUTH_METHODS)[number];
  readonly status: (typeof AUTH_STATUSES)[number];
}

/** A client was refused because it sent too many requests. */
export interface RateLimitExceeded {
  readonly fact: 'rate_limit';
  readonly server: string;
  /** Authenticated subject or address; unbounded, a recorder derives a bounded label from it. */
  readonly user: string;
}

/** The gateway sends one request to a server. Published for every request, so make the record once per server. */
export interface UpstreamRequested {
  readonly fact: 'upstream_request';
  readonly server: string;
}

/**
 * A client got an answer to `tools/list`, or one page of it. Published for every such answer, since clients with different
 * credentials may see different tools.
 */
export interface ToolsListed {
  readonly fact: 'tools_listed';
  readonly server: string;
  /** At most 1,000; not bounded in length. */
  readonly names: readonly string[];
}

/** A session of the legacy era ended at the gateway. */
export interface SessionEnded {
  readonly fact: 'session';
  readonly server: string;
  readonly transport: Transport;
  readonly protocolVersion?: string;
  readonly durationMs: number;
}
