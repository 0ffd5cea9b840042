import { type Agent, type ClientRequest, request as httpRequest } from 'node:http';
import { isIP, type Socket } from 'node:net';

const TUNNEL_TIMEOUT_MS = 10_000;

/** No connection through a proxy: the fault is not known to be the server's. */
export class ProxyFailure extends Error {
  readonly code = 'ERR_PROXY';
  /** What the proxy did, such as "answered 407", after its name. */
  readonly problem: string;

  constructor(proxy: URL, problem: string) {
    super(`the proxy ${proxy.host} ${problem}`);
    this.problem = `${proxy.host} ${problem}`;
  }
}

/** A connection to a server through a proxy. */
interface Tunnel extends Socket {
  /** No request has used it yet. */
  isFreshTunnel?: boolean;
}

type TunnelOpened = (error: Error | null, socket: Tunnel | null) => void;

/** Whether the connection is a new tunnel; true once for each. */
export function takeFreshTunnel(socket: Tunnel): boolean {
  const isFresh = socket.isFreshTunnel === true;
  if (isFresh) socket.isFreshTunnel = false;
  return isFresh;
}

/**
 * A connection to `authority` through an HTTP proxy, for http and https alike (`CONNECT`, RFC 9110 §9.3.6).
 *
 * @param proxy may hold user and password
 * @param authority `host:port`
 * @param onOpened called once, with a `ProxyFailure` if the proxy cannot be reached, refuses, or does not answer within 10 s
 */
export function openTunnel(proxy: URL, authority: string, onOpened: TunnelOpened): void {
  let isOver = false;
  const end: TunnelOpened = (error, socket) => {
    if (isOver) return;
    isOver = true;
    onOpened(error, socket);
  };
  const fail = (problem: string): void => end(new ProxyFailure(proxy, problem), null);
  const outgoing = requestTunnel(proxy, authority);
  outgoing.once('connect', (response, socket: Tunnel, head) => {
    const { statusCode = 0 } = response;
    if (statusCode < 200 || statusCode > 299) {
      socket.destroy();
      fail(`answered ${statusCode}${statusCode === 407 ? ' (it asks for credentials)' : ''}`);
      return;
    }
    socket.setTimeout(0);
    if (head.length > 0) socket.unshift(head);
    socket.isFreshTunnel = true;
    end(null, socket);
  });
  outgoing.once('timeout', () => {
    fail('did not answer in time');
    outgoing.destroy();
  });
  outgoing.on('error', (error) =>
    fail(`cannot be used (${'code' in error ? String(error.code) : 'no reason given'})`),
  );
  outgoing.end();
}

function requestTunnel(proxy: URL, authority: string): ClientRequest {
  const request =
    proxy.protocol === 'https:' ? process.getBuiltinModule('node:https').request : httpRequest;
  return request(new URL(proxy.origin), {
    method: 'CONNECT',
    path: authority,
    agent: false,
    servername: serverNameOf(proxy),
    headers: { host: authority, ...authorization(proxy) },
    timeout: TUNNEL_TIMEOUT_MS,
  });
}

/** For TLS to the proxy itself: Node.js would take the name from `Host`, which is the server's. Addresses have none. */
function serverNameOf({ hostname }: URL): string {
  return isIP(hostname.replaceAll(/^\[|\]$/g, '')) ? '' : hostname;
}

/** Makes an agent of `node:http` or `node:https` connect through the proxy. */
export function tunnelThrough(agent: Agent & { protocol?: string }, proxy: URL): void {
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const { host = 'localhost', port } = options as { host?: string; port?: number };
    const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    openTunnel(proxy, authority, (error, socket) => {
      const isTls = agent.protocol === 'https:';
      const secured =
        socket && isTls ? connect({ ...options, socket } as typeof options) : undefined;
      callback?.(error, (secured ?? socket) as Socket);
    });
    return undefined;
  };
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const pair = [username, password].map(decode).join(':');
  return { 'proxy-authorization': `Basic ${Buffer.from(pair, 'utf8').toString('base64')}` };
}

/** A password may hold a percent sign that nobody encoded. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
