import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import {
  error,
  hang,
  hangUp,
  type Profile,
  type Script,
  type ScriptedMcpServer,
  startScriptedMcpServer,
  status,
  text,
} from '../fakes/scripted-mcp-server.ts';
import type { StdioBehaviour } from '../fakes/stdio-behaviour.ts';
import { processesIn } from './support/processes-in.ts';
import { type Service, spawnService, startService } from './support/start-service.ts';
import { until } from './support/until.ts';

// Goal: the whole service on its bad days: what it says, what it does, and what it leaves behind.
// Method: the real process with a configuration as people write it, and servers on loopback that misbehave.

const STDIO_SERVER = fileURLToPath(new URL('../fakes/stdio-server.ts', import.meta.url));

async function startServer(profile: Profile): Promise<ScriptedMcpServer> {
  const server = await startScriptedMcpServer({ profile });
  onTestFinished(() => server.close());
  return server;
}

async function residentMb({ child }: Service): Promise<number> {
  const facts = await readFile(`/proc/${child.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(facts)?.[1]) / 1024;
}

async function openFiles({ child }: Service): Promise<number> {
  return (await readdir(`/proc/${child.pid}/fd`)).length;
}

/** Milliseconds of one answer of `/health`. */
async function timeHealth(service: Service): Promise<number> {
  const startedAtMs = performance.now();
  expect((await service.health()).status).toBe('ok');
  return performance.now() - startedAtMs;
}

async function metricSum({ get }: Service, name: string): Promise<number> {
  const page = await get('/metrics');
  return [...page.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].reduce(
    (sum, [, value]) => sum + Number(value),
    0,
  );
}

test('500 servers that are down at once get their verdicts, cost the healthy ones nothing, and are used again when they return', async () => {
  const GOOD = 20;
  const EACH = 125;
  const good = await startServer('modern');
  const hung = await startServer('modern');
  const failing = await startServer('legacy-stateless');
  const lying = await startServer('legacy-session');
  const makeBad = {
    hung: () => hung.script('*', hang),
    failing: () => failing.script('*', status(503)),
    lying: () => lying.script('*', text(200, '<html>Please log in</html>', 'text/html')),
  };
  for (const make of Object.values(makeBad)) make();
  const groups = [
    ['good', good.url, GOOD],
    ['hung', hung.url, EACH],
    ['failing', failing.url, EACH],
    ['lying', lying.url, EACH],
    ['refusing', 'http://127.0.0.1:1/mcp', EACH],
  ] as const;
  const servers = groups.flatMap(([group, url, count]) =>
    Array.from({ length: count }, (_, index) => `  ${group}-${index}: { url: "${url}?${index}" }`),
  );
  const service = await startService({
    config: `gateway: { listen: off }
defaults:
  { interval: 4s, retryInterval: 500ms, offlineIntervalMax: 4s, timeout: 1s, startTimeout: 2s, deepInterval: 1h,
    responseTime: { warning: 3s, critical: 4s } }
mcpServers:
${servers.join('\n')}
`,
  });
  const healthMs: number[] = [];
  await until(async () => {
    healthMs.push(await timeHealth(service));
    return (await service.health()).servers['offline'] === 4 * EACH;
  });

  const down = await service.servers();
  const seen = (group: string, count: number) =>
    Array.from({ length: count }, (_, index) => down.get(`${group}-${index}`));
  for (const server of seen('good', GOOD)) expect(server?.status).toBe('healthy');
  const reasons = {
    hung: /No answer to .* within/,
    failing: /HTTP 503/,
    lying: /HTML page/,
    refusing: /ECONNREFUSED/,
  };
  for (const [group, reason] of Object.entries(reasons)) {
    for (const server of seen(group, EACH)) {
      expect(server?.status).toBe('offline');
      expect(server?.reason).toMatch(reason);
    }
  }
  // Said once per server, however often it is checked.
  expect(service.lines('server status changed').filter(({ to }) => to === 'offline')).toHaveLength(
    4 * EACH,
  );
  expect(Math.max(...healthMs)).toBeLessThan(2_000);

  // Healthy servers stay on schedule while the rest hangs: each has its turn within an interval and its jitter.
  const memoryMb = await residentMb(service);
  const checksBefore = good.received.length;
  await delay(9_000);
  expect(good.received.length - checksBefore).toBeGreaterThanOrEqual(2 * GOOD);
  expect((await residentMb(service)) - memoryMb).toBeLessThan(100);
  expect((await service.health()).servers['healthy']).toBe(GOOD);

  for (const server of [hung, failing, lying]) server.script('*');
  await until(async () => (await service.health()).servers['healthy'] === GOOD + 3 * EACH);
  expect((await service.health()).servers['offline']).toBe(EACH);
  expect(await metricSum(service, 'mcp_exporter_log_dropped_total')).toBe(0);
}, 120_000);

/** Misbehaves over HTTP, forever. */
const BAD_SCRIPTS: Readonly<Record<string, Script>> = {
  hung: hang,
  silent: hangUp,
  unauthorized: status(401),
  broken: status(500),
  lying: text(200, '<html>Please log in</html>', 'text/html'),
  garbled: text(200, '{"jsonrpc":', 'application/json'),
  endless: ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const timer = setInterval(() => response.write(': still thinking\n\n'), 20);
    response.on('close', () => clearInterval(timer));
  },
  huge: ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    let left = 100;
    const write = (): void => {
      while (left > 0 && !response.destroyed) {
        left -= 1;
        if (!response.write(Buffer.alloc(1024 * 1024, 0x20))) return;
      }
      response.end();
    };
    response.on('drain', write);
    write();
  },
};

/** Misbehaves as a child, forever. */
const BAD_CHILDREN: Readonly<Record<string, StdioBehaviour>> = {
  exits: { exitAtOnce: { code: 3, stderr: 'no licence\n' } },
  crashes: { ping: 'crash' },
  stubborn: { ping: 'silent', isStubborn: true, grandchild: 'in_group' },
  floods: { stderrBytes: 20_000_000 },
  babbles: { garbageLines: 50 },
};

test('servers that misbehave in every way for hundreds of checks leave no socket, session, process or file behind', async () => {
  const remotes = await Promise.all(
    Object.values(BAD_SCRIPTS).map(async (script) => {
      const server = await startServer('legacy-session');
      server.script('*', script);
      return server;
    }),
  );
  // Forgets each session at its first ping.
  const forgetful = await startServer('legacy-session');
  forgetful.script('ping', (exchange) => {
    forgetful.sessions.delete(String(exchange.request.headers['mcp-session-id']));
    error(-32001, 'Session not found', { status: 404 })(exchange);
  });
  const urls = remotes.map(({ url }, index) => `  http-${index}: { url: "${url}" }`);
  // With time for `initialize`: of two late answers in a row only the second is waited for, so the first session would stay.
  urls.push(
    `  forgetful: { url: "${forgetful.url}", monitor: { interval: 300ms, timeout: 300ms, offlineIntervalMax: 300ms } }`,
  );
  const children = Object.entries(BAD_CHILDREN).map(
    ([name, behaviour]) =>
      `  ${name}: { command: "${process.execPath}", args: ["${STDIO_SERVER}", '${JSON.stringify(behaviour)}'] }`,
  );
  const head = `gateway: { listen: off }
defaults: { interval: 100ms, retryInterval: 100ms, offlineIntervalMax: 100ms, timeout: 100ms, startTimeout: 2s, deepInterval: 1s }
`;
  const service = await startService({
    config: `${head}mcpServers:\n${[...urls, ...children].join('\n')}\n`,
  });
  const filesBefore = await openFiles(service);
  const checks = () => metricSum(service, 'mcp_probe_duration_seconds_count');
  await until(async () => (await checks()) > 300);
  const memoryMb = await residentMb(service);
  await until(async () => (await checks()) > 600);
  expect((await residentMb(service)) - memoryMb).toBeLessThan(100);
  expect((await service.health()).status).toBe('ok');

  await writeFile(join(service.folder, 'mcp-exporter.yml'), `${head}mcpServers: {}\n`);
  service.child.kill('SIGHUP');

  await until(async () => (await service.servers()).size === 0);
  await Promise.all([...remotes, forgetful].map((server) => server.socketsGone()));
  expect(forgetful.keys().filter((key) => key === 'initialize').length).toBeGreaterThan(10);
  await until(async () => forgetful.sessions.size === 0);
  await until(async () => (await processesIn(service.folder)).length === 1);
  // Its own listener and the requests of this test stay.
  await until(async () => (await openFiles(service)) <= filesBefore + 5);
  service.child.kill('SIGTERM');
  expect(await service.ended).toBe(0);
  expect(service.err()).toBe('');
}, 120_000);

test('SIGTERM in the middle of checks ends the session with DELETE, the child with its process, and the service with 0', async () => {
  const remote = await startServer('legacy-session');
  // Answers the handshake and no ping; ignores SIGTERM and the end of its input; has a child of its own.
  const behaviour = JSON.stringify({ ping: 'silent', isStubborn: true, grandchild: 'in_group' });
  const service = await startService({
    config: `gateway: { listen: off }
defaults: { interval: 1m, retryInterval: 100ms, timeout: 50s, startTimeout: 50s }
mcpServers:
  remote: { url: "${remote.url}" }
  child: { command: "${process.execPath}", args: ["${STDIO_SERVER}", '${behaviour}'] }
`,
    args: ['--log-level', 'debug'],
  });
  remote.script('ping', hang);
  await remote.arrival('ping');
  const [started] = await until(() => {
    const lines = service.lines('server process started');
    return lines.length > 0 && lines;
  });
  await until(async () => (await service.servers()).get('child')?.status === 'healthy');
  expect(remote.sessions.size).toBe(1);
  expect(await processesIn(service.folder)).toContain(Number(started?.['pid']));

  const askedAtMs = performance.now();
  service.child.kill('SIGTERM');

  expect(await service.ended).toBe(0);
  expect(performance.now() - askedAtMs).toBeLessThan(10_000);
  expect(remote.sessions.size).toBe(0);
  expect(remote.keys().filter((key) => key === 'DELETE').length).toBeGreaterThan(0);
  await remote.socketsGone();
  expect(await processesIn(service.folder)).toEqual([]);
  expect(service.err()).toBe('');
});

test.each([
  // A limit on the size of files fails the write as a full disk does, in the middle of a file that was fine before.
  ['that runs full', './exporter.log', 'ulimit -f 16', /EFBIG/],
  ['that takes nothing', '/dev/full', ':', /\/dev\/full/],
])(
  'a log file %s is said once and its lost lines are counted, while the service goes on',
  async (_, path, shell, word) => {
    const server = await startServer('modern');
    const service = await startService({
      // The limit would hit the journal as well, which says so of itself.
      config: `gateway: { listen: off }
journal: { path: off }
log: { level: debug, file: { path: ${path} } }
defaults: { interval: 100ms, retryInterval: 100ms }
mcpServers: { a: { url: "${server.url}" } }
`,
      shell,
    });
    await until(() => word.exec(service.err()) !== null);
    const checks = server.received.length;
    await until(() => server.received.length > checks + 20);

    expect((await service.health()).status).toBe('ok');
    expect(await metricSum(service, 'mcp_exporter_log_dropped_total')).toBeGreaterThan(0);
    expect(service.lines('server checked').length).toBeGreaterThan(20);
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(0);
    expect(service.err().trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^mcp-exporter: The log cannot be written to .*Lines are dropped\.$/),
    ]);
  },
);

test('a configuration with ten mistakes ends the start with all of them, each with its place, and the exit code 1', async () => {
  const fixture = (name: string) =>
    readFile(
      new URL(`../fixtures/config/invalid-ten-mistakes.yml${name}`, import.meta.url),
      'utf8',
    );
  const { ended, err, out } = await spawnService({ config: await fixture('') });

  expect(await ended).toBe(1);

  const expected = (await fixture('.txt')).replaceAll(/^\S+(?=:\d+:\d+ )/gm, 'mcp-exporter.yml');
  expect(err()).toBe(expected.endsWith('\n') ? expected : `${expected}\n`);
  expect(err().trimEnd().split('\n')).toHaveLength(10);
  expect(out()).toBe('');
});
