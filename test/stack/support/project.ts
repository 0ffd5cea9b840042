import { execFileSync, spawnSync } from 'node:child_process';
import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { compose, type Variables } from './compose.ts';

export interface Project {
  readonly name: string;
  /** Ports on loopback, by variable. */
  readonly ports: Readonly<Record<string, number>>;
  readonly variables: Variables;
  url(port: string): string;
  /** Fails with everything that was said, the services' logs included. */
  run(args: readonly string[], more?: RunOptions): Promise<string>;
}

export interface RunOptions {
  readonly variables?: Variables;
  readonly files?: readonly string[];
  readonly profiles?: readonly string[];
}

const PORTS = [
  'EXPORTER_PORT',
  'GATEWAY_PORT',
  'PROMETHEUS_PORT',
  'ALERTMANAGER_PORT',
  'GRAFANA_PORT',
  'JAEGER_PORT',
  'DEMO_PORT',
  'DEMO_GATEWAY_PORT',
  'MAILPIT_PORT',
];

/** A project of its own: nothing of it meets another one on this machine. Whoever makes it calls `removeProject`. */
export async function createProject(): Promise<Project> {
  const name = `mcp-exporter-test-${randomUUID().slice(0, 8)}`;
  const ports: Record<string, number> = {};
  for (const variable of PORTS) ports[variable] = await pickPort();
  const variables = {
    ...Object.fromEntries(Object.entries(ports).map(([key, port]) => [key, String(port)])),
    EXPORTER_IMAGE: `${name}:exporter`,
    DEMO_IMAGE: `${name}:demo`,
  };
  const run = async (
    args: readonly string[],
    { variables: more = {}, files = [], profiles = [] }: RunOptions = {},
  ): Promise<string> => {
    const chosen = profiles.flatMap((profile) => ['--profile', profile]);
    const options = { variables: { ...variables, ...more }, files };
    const common = ['--project-name', name, ...chosen];
    const { code, stdout, text } = await compose([...common, ...args], options);
    if (code === 0) return stdout;
    const logs = await compose([...common, 'logs', '--tail', '50'], options);
    throw new Error(`docker compose ${args.join(' ')} ended with ${code}\n${text}\n${logs.text}`);
  };
  return { name, ports, variables, run, url: (port) => `http://127.0.0.1:${ports[port]}` };
}

/** Containers, volumes and networks that carry the project's label. */
export function leftovers({ name }: Pick<Project, 'name'>): string[] {
  const filter = ['--filter', `label=com.docker.compose.project=${name}`, '--quiet'];
  return [
    ['container', 'ls', '--all'],
    ['volume', 'ls'],
    ['network', 'ls'],
  ].flatMap((args) =>
    docker([...args, ...filter])
      .split('\n')
      .filter(Boolean),
  );
}

/** Takes away whatever is left, also of a start that failed half-way, and the images that were built. */
export async function removeProject(project: Project): Promise<void> {
  const filter = ['--filter', `label=com.docker.compose.project=${project.name}`, '--quiet'];
  const list = (...args: string[]) =>
    docker([...args, ...filter])
      .split('\n')
      .filter(Boolean);
  for (const id of list('container', 'ls', '--all'))
    spawnSync('docker', ['container', 'rm', '--force', '--volumes', id]);
  for (const id of list('volume', 'ls')) spawnSync('docker', ['volume', 'rm', '--force', id]);
  for (const id of list('network', 'ls')) spawnSync('docker', ['network', 'rm', id]);
  for (const target of ['exporter', 'demo'])
    spawnSync('docker', ['image', 'rm', '--force', `${project.name}:${target}`]);
}

/**
 * A free port that no outgoing connection is given meanwhile: images are built before it is used, and it must be the same after
 * a restart.
 */
async function pickPort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 30_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

function docker(args: readonly string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' });
}
