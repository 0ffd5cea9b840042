import { buildConnector } from 'undici';
import type { RemoteAccess } from '../facts/server.ts';
import { openTunnel } from './proxy-tunnel.ts';
import { tlsConnectOptions } from './tls-options.ts';

const CONNECT_TIMEOUT_MS = 10_000;

/** undici takes the name for SNI from the `Host` of the request; a configured one takes precedence. */
export function createConnector(tls: RemoteAccess): buildConnector.connector {
  const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, ...tlsConnectOptions(tls) });
  const { tlsServerName: servername, proxy } = tls;
  const named: buildConnector.connector =
    servername === undefined
      ? connect
      : (options, callback) => connect({ ...options, servername }, callback);
  return proxy === undefined ? named : tunnelled(named, new URL(proxy.reveal()));
}

function tunnelled(connect: buildConnector.connector, proxy: URL): buildConnector.connector {
  return (options, callback) => {
    const isTls = options.protocol === 'https:';
    const port = options.port || (isTls ? '443' : '80');
    openTunnel(proxy, `${options.hostname}:${port}`, (error, socket) => {
      if (socket === null) callback(error ?? new Error('no tunnel'), null);
      else if (isTls) connect({ ...options, httpSocket: socket }, callback);
      else callback(null, socket);
    });
  };
}
