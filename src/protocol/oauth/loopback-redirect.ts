import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** Receives the browser when the authorization server sends it back (RFC 8252 §7.3). */
export interface LoopbackRedirect {
  readonly url: string;
  /** The first redirect with our `state`; undefined once it is closed. */
  readonly arrived: Promise<URL | undefined>;
  /** Takes a redirect that a person copied, from a browser on another machine. @returns whether it is ours */
  accept(address: string): boolean;
  close(): Promise<void>;
}

const PATH = '/callback';

/** @param port 0 for any; a registered redirect may need a certain one */
export async function openLoopbackRedirect(port: number, state: string): Promise<LoopbackRedirect> {
  const { promise: arrived, resolve } = Promise.withResolvers<URL | undefined>();
  let base = '';

  function accept(address: string): boolean {
    const url = URL.parse(address, base);
    if (url?.pathname !== PATH || !isSame(url.searchParams.get('state') ?? '', state)) return false;
    resolve(url);
    return true;
  }

  const server = http.createServer((request, response) => {
    request.resume();
    const isOurs = request.method === 'GET' && accept(request.url ?? '/');
    const hasFailed = isOurs && URL.parse(request.url ?? '/', base)?.searchParams.has('error');
    const status = isOurs ? 200 : 404;
    response.writeHead(status, HEADERS).end(isOurs ? page(hasFailed === true) : 'Not found\n');
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let closing: Promise<unknown> | undefined;
  return {
    url: `${base}${PATH}`,
    arrived,
    accept,
    async close() {
      resolve(undefined);
      closing ??= once(server.close(), 'close');
      await closing;
    },
  };
}

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'",
  'referrer-policy': 'no-referrer',
  connection: 'close',
};

function page(hasFailed: boolean): string {
  const text = hasFailed
    ? 'The login failed. The terminal in which mcp-exporter runs shows the reason.'
    : 'mcp-exporter completes the login in the terminal. You can close this page.';
  return `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>mcp-exporter login</title><h1>mcp-exporter</h1><p>${text}</p></html>\n`;
}

function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
