/** The floor that the gateway is compared with: the shortest streaming HTTP proxy that Node allows. `argv` holds the upstream's port and its own. */
import http from 'node:http';

const port = Number(process.argv[2]);
const agent = new http.Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
const server = http.createServer((request, response) => {
  const { method, url: path, headers } = request;
  const upstream = http.request(
    { host: '127.0.0.1', port, method, path, headers, agent },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      // A stream's head must not wait for its first event; a head sent apart from a small body would only cost.
      if (answer.headers['content-length'] === undefined) response.flushHeaders();
      answer.pipe(response);
    },
  );
  upstream.on('error', () => response.destroy());
  response.on('close', () => {
    if (!response.writableFinished) upstream.destroy();
  });
  request.pipe(upstream);
});
server.keepAliveTimeout = 120_000;
server.listen(Number(process.argv[3]), '127.0.0.1', 4_096);
