import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { until } from './until.ts';

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

/** The process, once it runs; it may still fail to start. */
export interface ServiceProcess {
  readonly child: ChildProcess;
  /** Its folder, which is also its working directory. */
  readonly folder: string;
  readonly out: () => string;
  readonly err: () => string;
  /** Lines of the log with this message, parsed. */
  lines(message: string): LogLine[];
  /** Exit code, or the name of the signal. */
  readonly ended: Promise<number | string>;
}

export interface Service extends ServiceProcess {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  get(path: string): Promise<string>;
  health(): Promise<Health>;
  /** Every configured server by its name, as the API shows it. */
  servers(): Promise<Map<string, ShownServer>>;
}

export interface LogLine extends Readonly<Record<string, unknown>> {
  readonly level: string;
  readonly msg: string;
}

export interface Health {
  readonly status: string;
  readonly servers: Readonly<Record<string, number>>;
  readonly components: Readonly<
    Record<string, { readonly status: string; readonly message?: string }>
  >;
}

export interface ShownServer {
  readonly name: string;
  readonly status: string;
  readonly reason: string;
}

export interface ServiceOptions {
  /** Written to `mcp-exporter.yml`, which the service is started with. */
  readonly config: string;
  /** More files beside it, by relative path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** A line of shell that the process starts under, such as a limit. */
  readonly shell?: string;
}

/** Starts `serve --config` in a folder of its own, which goes with the test. */
export async function spawnService({
  config,
  files = {},
  args = [],
  shell = ':',
}: ServiceOptions): Promise<ServiceProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-exporter-service-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries({ ...files, 'mcp-exporter.yml': config })) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const command = [process.execPath, MAIN, 'serve', '--config', 'mcp-exporter.yml'];
  const child = spawn(
    'sh',
    ['-c', `${shell}; exec "$0" "$@"`, ...command, '--listen', '127.0.0.1:0', ...args],
    { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = once(child, 'close').then(
    ([code, signal]: unknown[]) => (code ?? signal) as number | string,
  );
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    child,
    folder,
    out: () => out,
    err: () => err,
    ended,
    lines: (message) =>
      out
        .split('\n')
        .filter((line) => line.endsWith('}'))
        .map((line) => JSON.parse(line) as LogLine)
        .filter(({ msg }) => msg === message),
  };
}

/** The same, once it listens. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const running = await spawnService(options);
  const [started] = await until(() => {
    const lines = running.lines('started');
    if (running.child.exitCode !== null) throw new Error(`it ended: ${running.err()}`);
    return lines.length > 0 && lines;
  });
  const url = String(started?.['http']);
  const get = async (path: string): Promise<string> => (await fetch(`${url}${path}`)).text();
  return {
    ...running,
    url,
    get,
    health: async () => JSON.parse(await get('/health')) as Health,
    async servers() {
      const page = JSON.parse(await get('/api/v1/mcp/servers?limit=1000')) as {
        servers: ShownServer[];
      };
      return new Map(page.servers.map((server) => [server.name, server]));
    },
  };
}
