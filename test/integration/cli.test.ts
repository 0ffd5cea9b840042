import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeCertificate } from '../unit/sources/probe/connection/make-certificate.ts';
import { afterEach, expect, test } from 'vitest';
import { VERSION } from '../../src/app/version.ts';
import { fakeServer } from '../fakes/stdio-behaviour.ts';

// Goal: the process as operators meet it: exit codes, signals, streams and what it leaves behind.
// Method: src/main.ts in a child process, in an empty folder of its own.

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanups.splice(0).toReversed()) await cleanUp();
});

interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly out: () => string;
  readonly err: () => string;
  /** Exit code, or the name of the signal. */
  readonly ended: Promise<number | string>;
}

async function start(args: readonly string[], nodeArgs: readonly string[] = []): Promise<Running> {
  const cwd = await makeFolder();
  const child = spawn(process.execPath, [...nodeArgs, MAIN, ...args], { cwd });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = once(child, 'close').then(
    ([code, signal]: unknown[]) => (code ?? signal) as number | string,
  );
  cleanups.push(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, out: () => out, err: () => err, ended };
}

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-exporter-process-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function until<T>(find: () => T | undefined | null): Promise<T> {
  for (;;) {
    const found = find();
    if (found !== undefined && found !== null) return found;
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}

/** The service with the built-in demonstration, once it listens. */
async function startService(args: readonly string[] = []): Promise<Running & { url: string }> {
  const running = await start(['serve', '--listen', '127.0.0.1:0', ...args]);
  const started = await until(() => /"http":"(http:[^"]+)".*"msg":"started"/.exec(running.out()));
  return { ...running, url: started[1] ?? '' };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function serveOnce(status: number, body: string): Promise<string> {
  const server: Server = createServer((_request, response) => {
    response.writeHead(status).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The stdio children of the service, from its log. */
function childPids(log: string): number[] {
  return [...log.matchAll(/"pid":(\d+)/g)].map(([, pid]) => Number(pid));
}

test('the version is printed and nothing else', async () => {
  const { ended, out, err } = await start(['--version']);
  expect(await ended).toBe(0);
  expect([out(), err()]).toEqual([`${VERSION}\n`, '']);
});

test('an old Node.js gets one sentence instead of a stack', async () => {
  const pretend =
    'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.19.0"})';
  const { ended, err } = await start(['--version'], ['--import', pretend]);
  expect(await ended).toBe(1);
  expect(err()).toBe('mcp-exporter needs Node.js 22.15 or newer; this is 20.19.0.\n');
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  'on %s the service ends well within ten seconds and takes its children along',
  async (signal) => {
    const { child, ended, out, err } = await startService(['--log-level', 'debug']);
    const [pid] = await until(() => {
      const pids = childPids(out());
      return pids.length > 0 ? pids : undefined;
    });
    expect(isAlive(pid ?? 0)).toBe(true);

    const startedAtMs = performance.now();
    child.kill(signal);

    expect(await ended).toBe(0);
    expect(performance.now() - startedAtMs).toBeLessThan(10_000);
    for (const each of childPids(out())) expect(isAlive(each)).toBe(false);
    expect(err()).toBe('');
  },
);

test('a second signal ends at once, and stubborn children with it', async () => {
  const { command, args } = fakeServer({ isStubborn: true });
  const path = join(await makeFolder(), 'mcp-exporter.yml');
  const config = { gateway: { listen: 'off' }, mcpServers: { stubborn: { command, args } } };
  await writeFile(path, JSON.stringify(config));
  const { child, ended, out } = await startService(['--config', path, '--log-level', 'debug']);
  const [pid] = await until(() => (childPids(out()).length > 0 ? childPids(out()) : undefined));
  child.kill('SIGTERM');
  await until(() => /"msg":"stopping"/.exec(out()));
  child.kill('SIGTERM');
  expect(await ended).toBe(1);
  await until(() => (isAlive(pid ?? 0) ? undefined : true));
});

test('a start that is interrupted at once leaves nothing behind either', async () => {
  const { child, ended, out } = await start([
    'serve',
    '--listen',
    '127.0.0.1:0',
    '--log-level',
    'debug',
  ]);
  await until(() => /"msg"/.exec(out()));
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
  for (const pid of childPids(out())) expect(isAlive(pid)).toBe(false);
});

test('every line on standard output is JSON where no terminal is', async () => {
  const { child, ended, out } = await startService();
  child.kill('SIGTERM');
  await ended;
  const lines = out().trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines) expect(JSON.parse(line)).toHaveProperty('msg');
});

test('the demonstration runs beside another one, with a gateway on a free port', async () => {
  const gatewayOf = ({ out }: Running) => /"gateway":"(http:[^"]+)"/.exec(out())?.[1];
  const gateways = [gatewayOf(await startService()), gatewayOf(await startService())];
  expect(new Set(gateways).size).toBe(2);
  expect(gateways).not.toContain(undefined);
});

test('a port in use is one clear line and the exit code 1', async () => {
  const { url } = await startService();
  const address = new URL(url).host;
  const second = await start(['serve', '--listen', address]);
  expect(await second.ended).toBe(1);
  expect(second.err()).toContain(`${address} is in use`);
  expect(second.err().trimEnd().split('\n')).toHaveLength(1);
});

test('a configuration that is not there is one clear line and the exit code 1', async () => {
  const { ended, err } = await start(['serve', '--config', './nowhere.yml']);
  expect(await ended).toBe(1);
  expect(err()).toBe('./nowhere.yml  the file does not exist\n');
});

test('SIGHUP reads the configuration again', async () => {
  const path = join(await makeFolder(), 'mcp-exporter.yml');
  await writeFile(path, 'gateway: { listen: off }\nmcpServers: {}\n');
  const { child, ended, out } = await startService(['--config', path]);

  await writeFile(path, 'mcpServers: { a: 1 }\n');
  child.kill('SIGHUP');
  await until(() => /"level":"error".*"msg":"configuration not reloaded/.exec(out()));

  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});

test('what nothing caught is a fatal line, and the children do not outlive the process', async () => {
  const bomb =
    'data:text/javascript,process.once("SIGUSR2",()=>setImmediate(()=>{throw new Error("planted bug")}))';
  const cwd = await makeFolder();
  const child = spawn(
    process.execPath,
    ['--import', bomb, MAIN, 'serve', '--listen', '127.0.0.1:0', '--log-level', 'debug'],
    { cwd },
  );
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  const ended = once(child, 'close');
  cleanups.push(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  await until(() => (childPids(out).length > 0 ? true : undefined));

  child.kill('SIGUSR2');

  expect((await ended)[0]).toBe(1);
  expect(out).toMatch(/"level":"fatal".*planted bug.*"msg":"crashed"/);
  for (const pid of childPids(out)) expect(isAlive(pid)).toBe(false);
});

test('a full disk under standard output is said once and the service goes on', async () => {
  const cwd = await makeFolder();
  const command = `exec "${process.execPath}" "${MAIN}" serve --listen 127.0.0.1:0 --log-level debug > /dev/full`;
  const child = spawn('sh', ['-c', command], { cwd });
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = once(child, 'close');
  cleanups.push(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  await until(() => /ENOSPC/.exec(err));

  child.kill('SIGTERM');

  expect((await ended)[0]).toBe(0);
  expect(err.match(/ENOSPC/g)).toHaveLength(1);
});

test('a probe of a real server over stdio prints its ladder and ends with 0', async () => {
  const server = fileURLToPath(
    new URL(
      '../../node_modules/@modelcontextprotocol/server-everything/dist/index.js',
      import.meta.url,
    ),
  );
  const { ended, out } = await start(['probe', '--', process.execPath, server, 'stdio']);
  expect(await ended).toBe(0);
  expect(out()).toContain('✓ initialize');
  expect(out()).toMatch(/\nHealthy: .+\n$/);
});

test('a probe of an address where nobody listens ends with 1', async () => {
  const { ended, out } = await start(['probe', '--json', 'http://127.0.0.1:1/mcp']);
  expect(await ended).toBe(1);
  expect(JSON.parse(out())).toMatchObject({ status: 'offline', outcome: 'refused' });
});

test('a reader that takes only the first line of a probe causes no error', async () => {
  const cwd = await makeFolder();
  const command = `"${process.execPath}" "${MAIN}" probe --json http://127.0.0.1:1/mcp | true`;
  const child = spawn('sh', ['-c', command], { cwd });
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  await once(child, 'close');
  expect(err).toBe('');
});

test('healthcheck asks a running service', async () => {
  const { url } = await startService();
  const { ended, out } = await start(['healthcheck', '--url', url]);
  expect(await ended).toBe(0);
  expect(out()).toMatch(/^healthy: /);
});

test.each([
  ['plainly', (port: string) => `listen: 127.0.0.1:${port}`],
  ['with a variable', (port: string) => `listen: "127.0.0.1:\${UNSET_PORT:-${port}}"`],
])('healthcheck reads the address of the service, written %s', async (_how, config) => {
  const { url } = await startService();
  const path = join(await makeFolder(), 'mcp-exporter.yml');
  await writeFile(path, `${config(new URL(url).port)}\nmcpServers: {}\n`);
  const { ended, out } = await start(['healthcheck', '--config', path]);
  expect(await ended).toBe(0);
  expect(out()).toMatch(/^healthy: /);
});

test('healthcheck asks a service with TLS over https', async () => {
  const folder = await makeFolder();
  const { cert, key } = makeCertificate();
  await writeFile(join(folder, 'cert.pem'), cert);
  await writeFile(join(folder, 'key.pem'), key);
  await writeFile(
    join(folder, 'web.yml'),
    'tls_server_config: { cert_file: cert.pem, key_file: key.pem }\n',
  );
  const path = join(folder, 'mcp-exporter.yml');
  const listen = `127.0.0.1:${await freePort()}`;
  await writeFile(
    path,
    `listen: ${listen}\nwebConfigFile: web.yml\ngateway: { listen: off }\nmcpServers: {}\n`,
  );
  const running = await start(['serve', '--config', path]);
  await until(() => /"msg":"started"/.exec(running.out()));
  const { ended, out } = await start(['healthcheck', '--config', path]);
  expect(await ended).toBe(0);
  expect(out()).toMatch(/^healthy: /);
});

test('healthcheck says which mistake hides the address', async () => {
  const path = join(await makeFolder(), 'mcp-exporter.yml');
  await writeFile(path, 'listen: "${UNSET_ADDRESS}"\nmcpServers: {}\n');
  const { ended, err } = await start(['healthcheck', '--config', path]);
  expect(await ended).toBe(1);
  expect(err()).toContain('unhealthy: ');
  expect(err()).toContain('UNSET_ADDRESS is not set');
});

test('healthcheck ends with 1 where the service answers badly', async () => {
  const url = await serveOnce(503, 'no');
  const { ended, err } = await start(['healthcheck', '--url', url]);
  expect(await ended).toBe(1);
  expect(err()).toBe(`unhealthy: ${url}/health answered 503\n`);
});

test('healthcheck ends with 1 where nobody answers in time', async () => {
  const server = createServer(() => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { ended, err } = await start(['healthcheck', '--url', url, '--timeout', '200ms']);
  expect(await ended).toBe(1);
  expect(err()).toContain('unhealthy: ');
});
