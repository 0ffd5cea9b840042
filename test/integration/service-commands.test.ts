import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { createFakeContext } from '../fakes/fake-context.ts';
import { REAL_CLOCK } from '../fakes/real-clock.ts';
import { fakeServer } from '../fakes/stdio-behaviour.ts';
import { makeCertificate } from '../unit/sources/probe/connection/make-certificate.ts';
import { freePort } from './support/free-port.ts';
import { type Service, startService } from './support/start-service.ts';
import { until } from './support/until.ts';

// Goal: an operator sees and changes servers from a terminal, whatever the service requires of its clients.
// Method: the real command in a process of its own, against the real service.

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The command in a process of its own, without the variables of whoever runs the tests. */
async function spawnCommand(args: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [MAIN, ...args],
      { cwd, env: { PATH: process.env['PATH'] ?? '', USER: 'ann' } },
      (_error, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

/** The same in this process, which is much faster. */
async function command(
  args: readonly string[],
  { folder }: Service,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const context = createFakeContext({ env: { USER: 'ann', ...env } });
  const config = ['--config', join(folder, 'mcp-exporter.yml')];
  const code = await run([...args, ...config], { ...context, clock: REAL_CLOCK });
  return { code, out: context.out(), err: context.err() };
}

const server = fakeServer({});
const SERVERS = JSON.stringify({
  files: { command: server.command, args: server.args },
  gone: { url: 'http://127.0.0.1:1/mcp' },
});

async function isHealthy(service: Service): Promise<boolean> {
  return (await service.servers()).get('files')?.status === 'healthy';
}

/** How often the service ended the child of `files`. */
async function stopsOfChild(service: Service): Promise<number> {
  const page = await service.get('/metrics');
  const line = /^mcp_server_process_exits_total\{server="files",reason="stopped"\} (\d+)$/m;
  return Number(line.exec(page)?.[1]);
}

test('status, check, restart, disable and enable work on the service of the configuration', async () => {
  const port = await freePort();
  const config = `
listen: 127.0.0.1:${port}
gateway: { listen: 'off' }
mcpServers: ${SERVERS}
`;
  const service = await startService({ config, args: ['--listen', `127.0.0.1:${port}`] });
  await until(() => isHealthy(service));

  const list = await spawnCommand(['status'], service.folder);
  expect(list).toMatchObject({ code: 0, err: '' });
  expect(list.out).toMatch(/^SERVER +STATUS +FOR +RESPONSE +UPTIME 24H +REASON\n/);
  expect(list.out).toMatch(/^files +healthy +\S+ .*answered/m);
  expect((await command(['status', '--names'], service)).out).toBe('files\ngone\n');
  expect((await command(['status', 'files'], service)).out).toMatch(/^ {2}last check +\w+: ok, /m);

  const disabled = await command(['disable', 'files', '--for', '1h', '--reason', 'moves'], service);
  expect(disabled).toMatchObject({ code: 0, err: '' });
  expect(disabled.out).toMatch(/^files is disabled until 20\d\d-\S+Z\n$/);
  const shown = JSON.parse((await command(['status', 'files', '--json'], service)).out) as object;
  expect(shown).toMatchObject({
    status: 'disabled',
    disabled: { by: 'ann, via 127.0.0.1', reason: 'moves' },
  });
  expect(await command(['check', 'files'], service)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^mcp-exporter: This server is not checked: .*moves.*\n$/) as string,
  });
  expect((await command(['enable', 'files', '--by', 'bob'], service)).out).toBe(
    'files is enabled\n',
  );
  expect((await command(['enable', 'files'], service)).out).toBe('files is already enabled\n');

  expect(await command(['check', 'files'], service)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^files {2}steady: ok, .*; deep: ok, /) as string,
  });
  const all = await command(['check', '--all'], service);
  expect(all.code).toBe(1);
  expect(all.out).toMatch(/^files {2}steady: ok/m);
  expect(all.out).toMatch(/^gone {3}steady: \w+/m);

  const stopsBefore = await stopsOfChild(service);
  const restart = ['restart', 'files', '--reason', 'new files'];
  expect(await command(restart, service)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^files {2}steady: ok, /) as string,
    err: '',
  });
  expect(await stopsOfChild(service)).toBe(stopsBefore + 1);
  const log = await service.get('/api/v1/mcp/servers/files/actions?kind=restart');
  expect(JSON.parse(log)).toMatchObject({
    actions: [{ by: 'ann, via 127.0.0.1', text: 'new files' }],
  });
  expect(await command(['restart', 'gone'], service)).toMatchObject({
    code: 1,
    err: 'mcp-exporter: Only a stdio server can be restarted: the others run elsewhere.\n',
  });

  expect(await command(['status', 'nobody'], service)).toMatchObject({
    code: 1,
    err: expect.stringContaining('nobody') as string,
  });
});

test('the token comes from the configuration, the environment or a file, and TLS is pinned to the own certificate', async () => {
  const port = await freePort();
  const { cert, key } = makeCertificate({ altName: 'DNS:monitoring.example.com' });
  const service = await startService({
    config: `
listen: 127.0.0.1:${port}
gateway: { listen: 'off' }
admin: { tokenFile: token }
webConfigFile: web.yml
mcpServers: ${SERVERS}
`,
    files: {
      token: 'a-token-for-admins\n',
      other: 'not-the-token\n',
      'cert.pem': cert,
      'key.pem': key,
      'web.yml': 'tls_server_config: { cert_file: cert.pem, key_file: key.pem }\n',
    },
    args: ['--listen', `127.0.0.1:${port}`],
  });
  expect(await command(['disable', 'files'], service)).toMatchObject({
    code: 0,
    out: 'files is disabled until it is enabled\n',
  });
  expect(
    await command(['enable', 'files', '--token-file', join(service.folder, 'other')], service),
  ).toMatchObject({
    code: 1,
    err: 'mcp-exporter: The admin token does not match the configured one.\n',
  });
  const env = { MCP_EXPORTER_TOKEN: 'not-the-token-either' };
  expect((await command(['enable', 'files'], service, env)).code).toBe(1);

  const url = ['--url', `https://localhost:${port}`];
  const unknown = await command(['status', ...url], service);
  expect(unknown.code).toBe(1);
  expect(unknown.err).toMatch(/certificate/i);
});
