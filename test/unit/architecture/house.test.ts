import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './source-tree.ts';

interface Manifest {
  readonly files: readonly string[];
  /** What relative links and pictures of README resolve against where the package is shown. */
  readonly repository: { readonly url: string };
  readonly engines: { readonly node: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

function read(path: string): string {
  return readFileSync(`${ROOT}${path}`, 'utf8');
}

const MANIFEST = JSON.parse(read('package.json')) as Manifest;

test.each([
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'docs/architecture.md',
  'docs/configuration.md',
  'docs/metrics.md',
  'docs/config.schema.json',
  '.ci/run',
])('%s is there', (path) => {
  expect(existsSync(`${ROOT}${path}`)).toBe(true);
});

test.each(['unit', 'property', 'golden', 'integration', 'browser', 'bench', 'fakes', 'fixtures'])(
  'test/%s is in use',
  (folder) => {
    expect(readdirSync(`${ROOT}test/${folder}`).length).toBeGreaterThan(0);
  },
);

test('every dependency is pinned to one version', () => {
  const versions = { ...MANIFEST.dependencies, ...MANIFEST.devDependencies };
  const loose = Object.entries(versions).filter(
    ([, version]) => !/^(?:npm:@?[\w./-]+@)?\d+\.\d+\.\d+$/.test(version),
  );
  expect(Object.keys(versions).length).toBeGreaterThan(20);
  expect(loose).toEqual([]);
});

test('the lock file names no registry', () => {
  expect(read('package-lock.json')).not.toMatch(/"resolved": "http/);
});

test('the package is for Node.js 20, which the library needs, and README says what the command checks', () => {
  expect(MANIFEST.engines.node).toBe('>=20');
  const floor = /NODE_MIN = \[(\d+), (\d+)\]/.exec(read('src/main.ts'));
  expect(read('README.md')).toContain(`Needs Node.js ${floor?.[1]}.${floor?.[2]} or newer`);
});

test('decisions are numbered without gaps and have the three parts', () => {
  const names = readdirSync(`${ROOT}docs/adr`).toSorted();
  expect(names.length).toBeGreaterThan(5);
  for (const [index, name] of names.entries()) {
    expect(name).toMatch(new RegExp(`^${String(index + 1).padStart(4, '0')}-[a-z0-9-]+\\.md$`));
    const text = read(`docs/adr/${name}`);
    for (const part of ['## Context', '## Decision', '## Consequences'])
      expect(text).toContain(part);
  }
});

/** The pages that people read, from the root of the repository. */
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...['docs', 'docs/adr'].flatMap((folder) =>
    readdirSync(`${ROOT}${folder}`)
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
];

test('links and pictures of the documents lead somewhere', () => {
  expect(PAGES.length).toBeGreaterThan(20);
  const broken = PAGES.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:|#)(?<path>[^)#\s]+)/g)]
      .map((match) => posix.join(posix.dirname(page), match.groups?.['path'] ?? ''))
      .filter((path) => !existsSync(`${ROOT}${path}`)),
  );
  expect(broken).toEqual([]);
});

test('files and folders of the source that the documents name exist', () => {
  const missing = PAGES.flatMap((page) =>
    [...read(page).matchAll(/`(?<path>(?:src|tools|test)\/(?!(?:call|list)`)[\w./-]+)`/g)]
      .map((match) => match.groups?.['path'] ?? '')
      .filter((path) => !existsSync(`${ROOT}${path}`))
      .map((path) => `${page}: ${path}`),
  );
  expect(missing).toEqual([]);
});

test('README has pictures that are small, and the package has none of them', () => {
  const pictures = [...read('README.md').matchAll(/!\[[^\]]+\]\((?<path>[^)]+)\)/g)].map(
    (match) => match.groups?.['path'] ?? '',
  );
  expect(pictures.length).toBeGreaterThanOrEqual(2);
  expect(pictures.filter((path) => statSync(`${ROOT}${path}`).size > 300_000)).toEqual([]);
  expect(MANIFEST.files.filter((path) => path.startsWith('docs/'))).toEqual([
    'docs/config.schema.json',
  ]);
  expect(MANIFEST.repository.url).toMatch(/^git\+https:/);
});
