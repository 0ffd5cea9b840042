import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { compose, isComposeMissing, ROOT } from './support/compose.ts';
import { type ComposeFile, type ComposeService, lintService } from './support/lint-compose.ts';

// Goal: what docker-compose.yml starts is pinned, confined, watched and explained. Method: `docker compose config`, which needs
// no engine, and rules of our own over what it says.

const hasNoCompose = isComposeMissing();

const PROFILES = [[], ['demo'], ['logs'], ['demo', 'logs']].map((profiles) => ({ profiles }));
const DEFAULT_SERVICES = [
  'alertmanager',
  'alertmanager-config',
  'exporter',
  'grafana',
  'jaeger',
  'prometheus',
];

async function resolve(profiles: readonly string[], ...args: string[]): Promise<ComposeFile> {
  const chosen = profiles.flatMap((profile) => ['--profile', profile]);
  const { code, stdout, text } = await compose([...args, ...chosen, 'config', '--format', 'json']);
  expect(code, text).toBe(0);
  return JSON.parse(stdout) as ComposeFile;
}

const SOURCE = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
const EXAMPLE = readFileSync(join(ROOT, '.env.example'), 'utf8');
const VARIABLES = new Set(
  [...SOURCE.matchAll(/\$\{(?<name>\w+)/g)].map(({ groups }) => groups?.['name'] ?? ''),
);

test.skipIf(hasNoCompose)(
  'without a profile everything that people look at is started',
  async () => {
    expect(Object.keys((await resolve([])).services).toSorted()).toEqual(DEFAULT_SERVICES);
  },
);

describe.skipIf(hasNoCompose).each(PROFILES)('with %j', ({ profiles }) => {
  test('the file is good, and so is each service', async () => {
    const file = await resolve(profiles);
    const problems = Object.entries(file.services).flatMap(([name, service]) =>
      lintService(name, service, file, existsSync),
    );
    expect(problems).toEqual([]);
    const secrets = Object.values(file.secrets ?? {}).map(({ file: path }) => path);
    expect(secrets.length).toBeGreaterThan(0);
    expect(secrets.filter((path) => !existsSync(path))).toEqual([]);
    expect(Object.keys(file.services)).toEqual(expect.arrayContaining(DEFAULT_SERVICES));
    expect(Object.keys(file.services).length > DEFAULT_SERVICES.length).toBe(profiles.length > 0);
  });
});

const GOOD: ComposeService = {
  image: 'a/b:v1',
  user: '65534:65534',
  read_only: true,
  restart: 'unless-stopped',
  cap_drop: ['ALL'],
  security_opt: ['no-new-privileges:true'],
  mem_limit: '1000',
  pids_limit: 10,
  healthcheck: { test: ['CMD', 'true'] },
  logging: { options: { 'max-size': '1m', 'max-file': '3' } },
  networks: { front: null },
};

test.each<readonly [problem: string, planted: ComposeService]>([
  ['has an image without a version', { image: 'prom/prometheus' }],
  ['has an image without a version', { image: 'prom/prometheus:latest' }],
  ['runs as root', { user: '0' }],
  ['is privileged', { privileged: true }],
  ['can write to its root folder', { read_only: false }],
  ['has capabilities', { cap_add: ['NET_ADMIN'] }],
  ['can gain privileges', { security_opt: [] }],
  ['has no limit of memory', { mem_limit: '0' }],
  ['has no limit of processes', { pids_limit: 0 }],
  ['fills the disk with its log', { logging: {} }],
  ['is not asked for its health', { healthcheck: { disable: true } }],
  ['stays down after a crash', { restart: 'always' }],
  ['is in no network of ours', { networks: { other: null } }],
  ['publishes a port to everybody', { ports: [{ published: '80' }] }],
  [
    'can write to a folder of the host',
    { volumes: [{ type: 'bind', source: '/there', target: '/x' }] },
  ],
  [
    'mounts /gone, which is not there',
    { volumes: [{ type: 'bind', source: '/gone', target: '/x', read_only: true }] },
  ],
  [
    'waits for a start instead of for health',
    { depends_on: { other: { condition: 'service_started' } } },
  ],
])('a service that %s is found', (problem, planted) => {
  const file = { services: {}, networks: { front: {} } };
  const find = (service: ComposeService) =>
    lintService('it', service, file, (path) => path === '/there');
  expect(find(GOOD)).toEqual([]);
  expect(find({ ...GOOD, ...planted })).toEqual([`it ${problem}`]);
});

test.skipIf(hasNoCompose)('a misspelt key is a mistake', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-exporter-compose-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const override = join(folder, 'override.yml');
  await writeFile(override, 'services: { exporter: { imagee: a } }\n');
  const { code, text } = await compose(['config', '--quiet'], { files: [override] });
  expect(code, text).not.toBe(0);
  expect(text).toContain('imagee');
});

test('every variable is explained in .env.example and in the documentation, and none that is not there', () => {
  const inExample = [...EXAMPLE.matchAll(/^#?(?<name>[A-Z_]+)=/gm)].map((match) => match[1] ?? '');
  expect(VARIABLES.size).toBeGreaterThan(15);
  expect(inExample.toSorted()).toEqual([...VARIABLES].toSorted());
  const page = readFileSync(join(ROOT, 'docs/docker.md'), 'utf8');
  expect([...VARIABLES].filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test.skipIf(hasNoCompose)('.env.example shows the defaults', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-exporter-compose-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const example = join(folder, 'example.env');
  await writeFile(example, EXAMPLE.replaceAll(/^#([A-Z_]+=)/gm, '$1'));
  const profiles = ['demo', 'logs'];
  expect(await resolve(profiles, '--env-file', example)).toEqual(await resolve(profiles));
});

test('each image is pinned in one place', () => {
  const images = [...SOURCE.matchAll(/^ *image: (?<image>.+)$/gm)].map((match) => match[1] ?? '');
  expect(images.length).toBeGreaterThan(4);
  expect(images.filter((image) => !/^\$\{[A-Z]+_IMAGE:-[^}]+\}$/.test(image))).toEqual([]);
  expect(new Set(images).size).toBe(images.length);
});
