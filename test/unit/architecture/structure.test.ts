import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readTree, ROOT } from './source-tree.ts';
import {
  boxOf,
  countBoxes,
  findCycles,
  findOtherSpreads,
  findSharedNames,
  findLongFunctions,
  loadedWith,
} from './structure.ts';

const SOURCE = readTree('src');
const FILES = [...SOURCE, ...readTree('tools')];
const BOX_SHARE_MAX = 0.25;
const FUNCTION_LINES_MAX = 60;

test('no box holds more than a quarter of the source', () => {
  const boxes = countBoxes(SOURCE);
  const total = boxes.reduce((sum, [, lines]) => sum + lines, 0);
  const rows = boxes.map(([box, lines]) => ({
    box,
    lines,
    share: `${((100 * lines) / total).toFixed(1)} %`,
  }));
  console.table(rows);
  expect(boxes.length).toBeGreaterThan(12);
  expect(boxes.filter(([, lines]) => lines > BOX_SHARE_MAX * total)).toEqual([]);
});

test('there is no import cycle, type-only imports included', () => {
  const cycles = findCycles(FILES).map((cycle) => cycle.join(' → '));
  console.log(cycles.length === 0 ? 'no import cycle' : cycles.join('\n'));
  expect(cycles).toEqual([]);
});

test('a planted cycle is found', () => {
  const cycles = findCycles([
    { path: 'src/a.ts', text: "import { b } from './b.ts';" },
    { path: 'src/b.ts', text: "import type { c } from './c/c.ts';" },
    { path: 'src/c/c.ts', text: "export { a } from '../a.ts';" },
  ]);
  expect(cycles).toEqual([['src/a.ts', 'src/b.ts', 'src/c/c.ts', 'src/a.ts']]);
});

// A client waits at each start of this command; loading the schema would take a large part of that time.
test.each(['src/cli/process-context.ts', 'src/cli/run.ts', 'src/cli/stdio.ts'])(
  'the command stdio starts without the schema: %s loads neither zod nor a parser of TOML',
  (entry) => {
    const loaded = loadedWith(entry, SOURCE);
    expect(loaded.size).toBeGreaterThan(5);
    expect(loaded).not.toContain('zod');
    expect(loaded).not.toContain('smol-toml');
  },
);

test('what a file loads is found through other files, without types and dynamic imports', () => {
  expect(loadedWith('src/settings/load-config.ts', SOURCE)).toContain('zod');
  expect(loadedWith('src/settings/load-config.ts', SOURCE)).not.toContain('smol-toml');
  const files = [
    { path: 'src/a.ts', text: "import { b } from './b/b.ts';\nimport type { c } from './c.ts';" },
    { path: 'src/b/b.ts', text: "import 'd';\nexport const e = () => import('../e.ts');" },
  ];
  expect([...loadedWith('src/a.ts', files)]).toEqual(['src/a.ts', 'src/b/b.ts', 'd']);
});

test('no function is longer than 60 lines', () => {
  const longest = findLongFunctions(['src', 'tools'], FUNCTION_LINES_MAX - 20);
  console.table(longest.slice(0, 15));
  expect(longest.length).toBeGreaterThan(0);
  expect(longest.filter(({ lines }) => lines > FUNCTION_LINES_MAX)).toEqual([]);
});

test('one name means one type', () => {
  expect(findSharedNames(SOURCE)).toEqual([]);
});

test('a planted second type of the same name is found', () => {
  const text = 'export interface Answer {}\n';
  const files = [
    { path: 'src/a.ts', text },
    { path: 'src/b.ts', text: 'type Answer = string;\n' },
  ];
  expect(findSharedNames(files)).toEqual(['Answer: src/a.ts, src/b.ts']);
});

test('optional fields are written in one way', () => {
  expect(findOtherSpreads(FILES)).toEqual([]);
  const text = 'const a = { ...(b ? { b } : {}) };';
  expect(findOtherSpreads([{ path: 'src/a.ts', text }])).toEqual(['src/a.ts']);
});

test('the table of architecture.md lists every box, and only those', () => {
  const page = readFileSync(`${ROOT}docs/architecture.md`, 'utf8');
  const listed = [...page.matchAll(/^\| `src\/(?<box>[a-z/-]+?)\/?` /gm)].map(
    (match) => match.groups?.['box'] ?? '',
  );
  const boxes = new Set(
    SOURCE.map(({ path }) => boxOf(path)).filter((box) => !box.endsWith('.ts')),
  );
  expect(listed.toSorted()).toEqual([...boxes].toSorted());
});

test('the picture is the same in README.md and architecture.md, and names every source and sink', () => {
  const pictureOf = (path: string): string =>
    /```\n(?<picture>[^`]*\bhub\b[^`]*)```/.exec(readFileSync(`${ROOT}${path}`, 'utf8'))?.groups?.[
      'picture'
    ] ?? '';
  const picture = pictureOf('README.md');
  expect(picture).toBe(pictureOf('docs/architecture.md'));
  const names = ['sources', 'sinks'].flatMap((side) => readdirSync(`${ROOT}src/${side}`));
  expect(names.length).toBeGreaterThan(8);
  for (const name of names) expect(picture).toContain(`${name}/`);
});

/** Rows of the table "To change …, open …" of CONTRIBUTING.md: the paths of each. */
function changeRows(): string[][] {
  const page = readFileSync(`${ROOT}CONTRIBUTING.md`, 'utf8');
  const table = page.slice(page.indexOf('| To change'));
  return (table.split('\n\n')[0] ?? '')
    .split('\n')
    .slice(2)
    .map((row) =>
      [...row.matchAll(/`(?<path>[\w./-]+\/[\w./-]*)`/g)].map((match) => match[1] ?? ''),
    );
}

test('every row of "to change X, open Y" leads to files that exist', () => {
  const rows = changeRows();
  expect(rows.length).toBeGreaterThanOrEqual(20);
  const known = new Set(
    ['src', 'tools', 'test', 'docs', 'prometheus', 'alertmanager', 'grafana'].flatMap((folder) =>
      readTree(folder, ['']).flatMap(({ path }) => {
        const parts = path.split('/');
        return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
      }),
    ),
  );
  for (const paths of rows) {
    expect(paths.length).toBeGreaterThan(0);
    expect(paths.filter((path) => !known.has(path.replace(/\/$/, '')))).toEqual([]);
  }
});
