import type { Status } from './rules/health.ts';
import type { Transport } from './server.ts';

/** What the gateway says of itself to those who may use it. No secrets, and nothing about how it reaches the servers. */
export interface GatewayFront {
  readonly version: string;
  /** Base URL of the gateway, as the client wrote it. */
  readonly origin: string;
  /** Whether clients must send a bearer token. */
  readonly requiresToken: boolean;
  /** By name. */
  readonly servers: readonly FrontServer[];
}

/** One server as clients of the gateway see it. */
export interface FrontServer {
  readonly name: string;
  /** Where clients connect to it. */
  readonly url: string;
  /** Of clients at this address. */
  readonly transport: Exclude<Transport, 'stdio'>;
  /** Whether its calls are refused because it is disabled. */
  readonly isDisabled: boolean;
  /** By its checks; absent before it is known. */
  readonly status?: Status;
}

/** A page for browsers. */
export interface FrontPage {
  readonly markup: string;
  readonly headers: Readonly<Record<string, string>>;
}
