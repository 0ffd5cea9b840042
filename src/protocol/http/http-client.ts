import {
  Agent as HttpAgent,
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
} from 'node:http';

export interface HttpClientOptions {
  readonly url: URL;
  readonly tls: TlsTrust;
}

export interface TlsTrust {
  /** PEM. */
  readonly ca?: string;
  readonly rejectUnauthorized: boolean;
  /** Whether `ca` is the very certificate of the other side: then its name says nothing more. */
  readonly isPinned?: boolean;
}

export interface HttpCall {
  readonly method: 'POST' | 'GET' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

export interface HttpExchange {
  /** Resolves when the request left this process, and when it failed. Never rejects. */
  readonly written: Promise<void>;
  /** The head of the answer; rejects with the socket's error. */
  readonly answer: Promise<IncomingMessage>;
  /** Whether there was ever a connection: without one nothing was delivered. */
  wasConnected(): boolean;
}

export interface HttpClient {
  call(call: HttpCall): HttpExchange;
  /** Cuts every connection. */
  close(): void;
}

const CONNECT_MS_MAX = 10_000;

/**
 * One address, over `node:http`: a process that a person waits for at each start cannot afford the 100 ms that loading
 * undici takes.
 */
export async function createHttpClient({ url, tls }: HttpClientOptions): Promise<HttpClient> {
  const isSecure = url.protocol === 'https:';
  // `https` only where it is needed: it takes as long to load as everything else here.
  const secure = isSecure ? await import('node:https') : undefined;
  const settings = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY };
  const agent = secure
    ? new secure.Agent({
        ...settings,
        rejectUnauthorized: tls.rejectUnauthorized,
        ...(tls.ca === undefined ? {} : { ca: tls.ca }),
        ...(tls.isPinned
          ? { allowPartialTrustChain: true, checkServerIdentity: () => undefined }
          : {}),
      })
    : new HttpAgent(settings);
  const send = secure?.request ?? httpRequest;

  return {
    call({ method, headers, body, signal }) {
      const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
      const request = send(url, { method, agent, signal, headers: { ...headers, ...length } });
      const { promise: answer, resolve, reject } = Promise.withResolvers<IncomingMessage>();
      const { promise: written, resolve: noteWritten } = Promise.withResolvers<void>();
      // Whoever awaits only `written` must not leave a rejection behind.
      answer.catch(() => undefined);
      let isConnected = false;
      noteConnection(request, isSecure, () => (isConnected = true));
      request.once('response', (response) => {
        // One that nobody reads to its end would throw its own end at the process.
        response.on('error', () => undefined);
        resolve(response);
      });
      request.once('finish', () => noteWritten());
      request.on('error', (error) => {
        noteWritten();
        reject(error);
      });
      request.end(body);
      return { written, answer, wasConnected: () => isConnected };
    },
    close: () => agent.destroy(),
  };
}

function noteConnection(request: ClientRequest, isSecure: boolean, onConnected: () => void): void {
  request.once('socket', (socket) => {
    // Between an answer and the next request a connection has no listener of Node's own: an abort in that moment
    // would end this process.
    if (!request.reusedSocket) socket.on('error', () => undefined);
    if (!socket.connecting) {
      onConnected();
      return;
    }
    const late = setTimeout(
      () => request.destroy(Object.assign(new Error('no connection'), { code: 'ETIMEDOUT' })),
      CONNECT_MS_MAX,
    );
    socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      clearTimeout(late);
      onConnected();
    });
    socket.once('close', () => clearTimeout(late));
  });
}
