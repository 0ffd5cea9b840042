import { buildConnector } from 'undici';
import type { RemoteTls } from '../facts/server.ts';
import { tlsConnectOptions } from './tls-options.ts';

const CONNECT_TIMEOUT_MS = 10_000;

/** undici takes the name for SNI from the `Host` of the request; a configured one takes precedence. */
export function createConnector(tls: RemoteTls): buildConnector.connector {
  const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, ...tlsConnectOptions(tls) });
  const { tlsServerName: servername } = tls;
  if (servername === undefined) return connect;
  return (options, callback) => connect({ ...options, servername }, callback);
}
