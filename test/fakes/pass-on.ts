import http, { type IncomingMessage, type ServerResponse } from 'node:http';

/**
 * Passes a request on as it is, and the answer back. A side that ends, also by a reset, ends the other; without that,
 * a client that goes away at the end of a test is an exception that nobody handles.
 *
 * @param onStatus called with the status of the answer before it is passed back
 */
export function passOn(
  request: IncomingMessage,
  response: ServerResponse,
  target: string | URL,
  onStatus: (status: number) => void = () => undefined,
): void {
  const { method = 'GET', headers } = request;
  const upstream = http.request(target, { method, headers }, (answer) => {
    const status = answer.statusCode ?? 502;
    onStatus(status);
    response.writeHead(status, answer.headers).flushHeaders();
    answer.on('error', () => response.destroy()).pipe(response);
  });
  upstream.on('error', () => response.destroy());
  response.on('close', () => upstream.destroy());
  request.pipe(upstream);
}
