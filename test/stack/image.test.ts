import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../integration/support/until.ts';
import { isEngineMissing, requireImages, ROOT } from './support/compose.ts';

// Goal: the image alone is a good citizen of any engine. Method: built from the Dockerfile by testcontainers, and run as an
// orchestrator would: no root folder to write to, no capabilities, ended by SIGTERM.

const METRICS_PORT = 19110;
const STOP_MS_MAX = 10_000;

function docker(...args: readonly string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8', stdio: 'pipe' }).trim();
}

describe.skipIf(isEngineMissing())('the image', () => {
  const name = `mcp-exporter-test:${randomUUID().slice(0, 8)}`;
  let container: StartedTestContainer;

  beforeAll(async () => {
    requireImages();
    const image = await GenericContainer.fromDockerfile(ROOT)
      .withTarget('exporter')
      .withBuildkit()
      .build(name, { deleteOnExit: false });
    container = await image
      .withCommand(['serve', '--listen', `0.0.0.0:${METRICS_PORT}`])
      .withExposedPorts(METRICS_PORT)
      .withTmpFs({ '/tmp': 'rw' })
      .withDroppedCapabilities('ALL')
      .withSecurityOpt('no-new-privileges:true')
      .withWaitStrategy(Wait.forHealthCheck())
      .withStartupTimeout(120_000)
      .start();
  });

  afterAll(async () => {
    // As it is named here: nothing else of this machine is touched, also after a start that failed half-way.
    for (const id of docker('ps', '--all', '--quiet', '--filter', `ancestor=${name}`).split('\n'))
      if (id !== '') docker('rm', '--force', '--volumes', id);
    spawnSync('docker', ['image', 'rm', '--force', name]);
  });

  test('is healthy, and /metrics answers', async () => {
    const url = `http://${container.getHost()}:${container.getMappedPort(METRICS_PORT)}`;
    const page = await (await fetch(`${url}/metrics`)).text();
    expect(page).toContain('mcp_exporter_build_info');
    // The bundled server is a child process, which starts here as well.
    await until(async () =>
      /^mcp_probe_success\{.*\} 1$/m.test(await (await fetch(`${url}/metrics`)).text()),
    );
  });

  test('runs as nobody special, with the Node.js of the image, and holds nothing for development', async () => {
    const run = async (...command: string[]) => (await container.exec(command)).output.trim();
    expect(await run('id', '-u')).toBe('1000');
    expect(await run('node', '--version')).toMatch(/^v24\./);
    expect(await run('mcp-exporter', '--version')).toMatch(/^\d+\.\d+\.\d+$/);
    const folders = (
      await run('ls', '/app', '/app/dist', '/app/dist/demo', '/app/node_modules')
    ).split('\n');
    expect(folders).toContain('express');
    for (const stray of ['src', 'test', 'tools', 'fleet', 'typescript', 'vitest', '.npmrc'])
      expect(folders).not.toContain(stray);
  });

  test('ends well within ten seconds of SIGTERM, children and all', async () => {
    const id = container.getId();
    const startedAtMs = performance.now();
    docker('kill', '--signal', 'SIGTERM', id);
    expect(docker('wait', id)).toBe('0');
    expect(performance.now() - startedAtMs).toBeLessThan(STOP_MS_MAX);
  });

  test('needs nothing but a folder for temporary files, and ends with 1 where it cannot start', () => {
    const confined = [
      '--rm',
      '--read-only',
      '--cap-drop',
      'ALL',
      '--network',
      'none',
      '--tmpfs',
      '/tmp',
    ];
    const render = docker(
      'run',
      ...confined,
      '--entrypoint',
      'sh',
      name,
      '-c',
      [
        'mcp-exporter serve --listen 0.0.0.0:19110 >/tmp/log & trap "kill $!" EXIT;',
        'until mcp-exporter healthcheck --timeout 1s; do sleep 0.2; done',
      ].join(' '),
    );
    expect(render).toContain('healthy');
    let status: unknown = 0;
    try {
      execFileSync('docker', ['run', ...confined, name, 'serve', '--config', '/nowhere.yml'], {
        stdio: 'ignore',
      });
    } catch (error) {
      ({ status } = error as { status: unknown });
    }
    expect(status).toBe(1);
  });
});
