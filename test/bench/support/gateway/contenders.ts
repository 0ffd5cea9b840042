import { spawnSync } from 'node:child_process';
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../../integration/support/free-port.ts';
import type { EchoEra } from './echo-answers.ts';
import type { LoadTarget } from './load-protocol.ts';
import { type StartedProcess, startProcess } from './start-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

const PEERS = fileURLToPath(new URL('../../../fixtures/peers', import.meta.url));
const BARE = fileURLToPath(new URL('./bare-proxy.ts', import.meta.url));
/** The stdio server; its processes are no part of the proxies in front. */
export const ECHO_STDIO = fileURLToPath(new URL('./echo-stdio.ts', import.meta.url));

/** Something under measurement between the clients and the server, or nothing at all. */
export interface Contender {
  readonly name: string;
  readonly to: LoadTarget;
  /** Nothing where the clients talk to the server itself, or where the load worker starts the program. */
  readonly process?: StartedProcess;
}

export interface Upstream {
  readonly ports: Readonly<Record<EchoEra, number>>;
  /** Where spans go. */
  readonly collectorPort: number;
}

export type Tracing = 'sampled off' | 'every call sampled';

export interface Starter {
  direct(era: EchoEra): Promise<Contender>;
  nginx(era: EchoEra): Promise<Contender>;
  bare(era: EchoEra): Promise<Contender>;
  own(era: EchoEra, tracing?: Tracing): Promise<Contender>;
  /** The gateway in front of children. */
  ownStdio(era: EchoEra): Promise<Contender>;
  civic(): Promise<Contender>;
  mcpRemote(): Promise<Contender>;
  supergateway(): Promise<Contender>;
  pipe(): Promise<Contender>;
  mcpProxyStdio(): Promise<Contender>;
  supergatewayStdio(): Promise<Contender>;
}

export function hasNginx(): boolean {
  return spawnSync('nginx', ['-v'], { env: withSbin() }).status === 0;
}

/** nginx lives outside of the PATH of ordinary users. */
function withSbin(): Record<string, string> {
  return { PATH: `${process.env['PATH']}:/usr/sbin:/usr/local/sbin` };
}

/**
 * @param main how Node starts the service: the compiled file, and before it what Node itself is told
 * @param more keys of its configuration, in place of those of the benchmark
 */
export function createStarter(
  upstream: Upstream,
  main: readonly string[],
  more: object = {},
): Starter {
  const folder = temporaryFolder('bench');
  const node = process.execPath;
  const upstreamUrl = (era: EchoEra): string => `http://127.0.0.1:${upstream.ports[era]}/mcp`;
  const http = (port: number, era: EchoEra, path = '/mcp'): LoadTarget => ({
    kind: 'http',
    port,
    path,
    era,
  });
  let count = 0;

  function ownFolder(): string {
    count += 1;
    const path = join(folder, String(count));
    mkdirSync(path);
    return path;
  }

  function peer(name: string): string {
    return realpathSync(join(PEERS, 'node_modules', '.bin', name));
  }

  async function startOwn(
    servers: object,
    tracing: Tracing,
  ): Promise<{ port: number; process: StartedProcess }> {
    const port = await freePort();
    let httpPort = await freePort();
    // A port that was given back is soon given out again.
    while (httpPort === port) httpPort = await freePort();
    const home = ownFolder();
    const config = join(home, 'mcp-exporter.yml');
    writeFileSync(
      config,
      JSON.stringify({
        listen: `127.0.0.1:${httpPort}`,
        gateway: { listen: `127.0.0.1:${port}` },
        log: { level: 'info', access: true },
        audit: { arguments: tracing === 'every call sampled' },
        metrics: { otelHistograms: tracing === 'every call sampled' },
        tracing: {
          exporter: 'otlp',
          endpoint: `http://127.0.0.1:${upstream.collectorPort}/v1/traces`,
          sampleRatio: tracing === 'sampled off' ? 0 : 1,
        },
        mcpServers: servers,
        ...more,
      }),
    );
    const started = await startProcess({
      name: 'this gateway',
      command: node,
      args: [...main, 'serve', '--config', config],
      port,
      readyUrl: `http://127.0.0.1:${httpPort}/-/ready`,
      folder: home,
    });
    return { port, process: started };
  }

  return {
    direct: async (era) => ({ name: 'direct', to: http(upstream.ports[era], era) }),
    async nginx(era) {
      const port = await freePort();
      const home = ownFolder();
      const config = join(home, 'nginx.conf');
      writeFileSync(config, nginxConfig(port, upstream.ports[era], home));
      const started = await startProcess({
        name: 'nginx',
        command: 'nginx',
        args: ['-e', join(home, 'error.log'), '-p', home, '-c', config],
        env: withSbin(),
        port,
        folder: home,
      });
      return { name: 'nginx', to: http(port, era), process: started };
    },
    async bare(era) {
      const port = await freePort();
      const started = await startProcess({
        name: 'bare Node proxy',
        command: node,
        args: [BARE, String(upstream.ports[era]), String(port)],
        port,
        folder: ownFolder(),
      });
      return { name: 'bare Node proxy', to: http(port, era), process: started };
    },
    async own(era, tracing = 'sampled off') {
      const servers = { echo: { type: 'http', url: upstreamUrl(era) } };
      const started = await startOwn(servers, tracing);
      return {
        name: tracing === 'sampled off' ? 'this gateway' : 'this gateway, every trace sent',
        to: http(started.port, era, '/echo/mcp'),
        process: started.process,
      };
    },
    async ownStdio(era) {
      const servers = { pipe: { command: node, args: [ECHO_STDIO, era] } };
      const started = await startOwn(servers, 'sampled off');
      return {
        name: `this gateway, ${era}`,
        to: http(started.port, era, '/pipe/mcp'),
        process: started.process,
      };
    },
    async civic() {
      const port = await freePort();
      const home = ownFolder();
      const started = await startProcess({
        name: 'civic passthrough',
        command: node,
        args: [peer('passthrough-mcp-server')],
        env: {
          HOME: home,
          PORT: String(port),
          TARGET_SERVER_URL: `http://127.0.0.1:${upstream.ports.legacy}`,
          TARGET_SERVER_TRANSPORT: 'httpStream',
        },
        port,
        folder: home,
      });
      return { name: 'civic passthrough', to: http(port, 'legacy'), process: started };
    },
    mcpRemote: async () => ({
      name: 'mcp-remote (stdio front)',
      to: {
        kind: 'stdio',
        command: [
          node,
          peer('mcp-remote'),
          upstreamUrl('legacy'),
          '--allow-http',
          '--transport',
          'http-only',
        ],
      },
    }),
    supergateway: async () => ({
      name: 'supergateway (stdio front)',
      to: {
        kind: 'stdio',
        command: [
          node,
          peer('supergateway'),
          '--streamableHttp',
          upstreamUrl('legacy'),
          '--logLevel',
          'none',
        ],
      },
    }),
    pipe: async () => ({
      name: 'direct (one pipe)',
      to: { kind: 'stdio', command: [node, ECHO_STDIO, 'legacy'] },
    }),
    async mcpProxyStdio() {
      const port = await freePort();
      const started = await startProcess({
        name: 'mcp-proxy',
        command: node,
        args: [
          peer('mcp-proxy'),
          ...['--port', String(port), '--host', '127.0.0.1', '--server', 'stream'],
          ...['--', node, ECHO_STDIO, 'legacy'],
        ],
        port,
        folder: ownFolder(),
      });
      return { name: 'mcp-proxy', to: http(port, 'legacy'), process: started };
    },
    async supergatewayStdio() {
      const port = await freePort();
      const started = await startProcess({
        name: 'supergateway',
        command: node,
        args: [
          peer('supergateway'),
          ...['--stdio', `${node} ${ECHO_STDIO} legacy`, '--outputTransport', 'streamableHttp'],
          ...['--stateful', '--port', String(port), '--logLevel', 'none'],
        ],
        port,
        folder: ownFolder(),
      });
      return { name: 'supergateway, stateful', to: http(port, 'legacy'), process: started };
    },
  };
}

function nginxConfig(port: number, upstreamPort: number, home: string): string {
  return `
daemon off;
worker_processes 1;
pid ${home}/nginx.pid;
events { worker_connections 8192; }
http {
  access_log ${home}/access.log;
  client_body_temp_path ${home}/body;
  proxy_temp_path ${home}/proxy;
  fastcgi_temp_path ${home}/fastcgi;
  uwsgi_temp_path ${home}/uwsgi;
  scgi_temp_path ${home}/scgi;
  keepalive_requests 100000000;
  keepalive_timeout 120s;
  client_max_body_size 64m;
  upstream server { server 127.0.0.1:${upstreamPort}; keepalive 1024; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://server;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_read_timeout 1h;
    }
  }
}
`;
}
