import { basename, dirname } from 'node:path';
import { expect, test } from 'vitest';
import { readTree, type SourceFile } from './source-tree.ts';

const SOURCE = [...readTree('src'), ...readTree('tools')];
const TESTS = readTree('test').filter(({ path }) => !path.startsWith('test/fixtures/'));
const FILES = [...SOURCE, ...TESTS];

const KEBAB_CASE = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test|\.config)?\.ts$/;
const EMPTY_NAMES = /^(?:utils?|helpers?|common|misc|shared|lib|stuff|managers?)$/;

function findBadNames(paths: readonly string[]): string[] {
  return paths.filter((path) => {
    const words = [...dirname(path).split('/'), basename(path).split('.')[0] ?? ''];
    return !KEBAB_CASE.test(basename(path)) || words.some((word) => EMPTY_NAMES.test(word));
  });
}

/** State that outlives a test and is shared by everybody who imports the file. */
const MODULE_STATE = [
  /^(?:export )?(?:let|var) .*/gm,
  /^(?:export )?const (?![A-Z0-9_]+ )\w+ = new (?:Map|Set|WeakMap|WeakSet|Array)\b.*/gm,
  /^(?:export )?const \w+(?:: [^=]*\[\])? = \[\];/gm,
];

function findModuleState(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) =>
    MODULE_STATE.flatMap((pattern) => text.match(pattern) ?? []).map((line) => `${path}: ${line}`),
  );
}

const FORBIDDEN: Readonly<Record<string, RegExp>> = {
  'an enum, a namespace or a default export':
    /^(?:export )?(?:const )?(?:enum|namespace) |^export default /m,
  'a switched-off check': /@ts-(?:ignore|expect-error|nocheck)|(?:eslint|oxlint)-disable/,
  'work left for later': /\b(?:TODO|FIXME|XXX|HACK)\b/,
  'a re-export of everything': /^export \* from /m,
};
/** Each tells about itself here. */
const EXEMPT = new Set([
  'test/unit/architecture/names.test.ts',
  // Its format is fixed by the test runner.
  'test/vitest.config.ts',
]);

function findForbidden(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => !EXEMPT.has(path))
    .flatMap(({ path, text }) =>
      Object.entries(FORBIDDEN)
        .filter(([, pattern]) => pattern.test(text))
        .map(([what]) => `${path} holds ${what}`),
    );
}

test('files are kebab-case, and no name is empty of meaning', () => {
  expect(FILES.length).toBeGreaterThan(100);
  expect(findBadNames(FILES.map(({ path }) => path))).toEqual([]);
});

test.each(['src/facts/utils.ts', 'src/common/a.ts', 'src/facts/checkServer.ts', 'src/A.ts'])(
  'the name %s is refused',
  (path) => {
    expect(findBadNames([path])).toEqual([path]);
  },
);

test('no module of the source holds state', () => {
  expect(findModuleState(SOURCE)).toEqual([]);
});

test.each([
  'let count = 0;',
  'export const cache = new Map<string, string>();',
  'const all: string[] = [];',
])('the module state "%s" is found', (text) => {
  expect(findModuleState([{ path: 'src/a.ts', text }])).toHaveLength(1);
});

test('nothing that the house does without is in the source or the tests', () => {
  expect(findForbidden(FILES)).toEqual([]);
});

test.each([
  'export enum A {}',
  'export default 1;',
  '// @ts-ignore',
  '// TODO later',
  "export * from './a.ts';",
])('the forbidden "%s" is found', (text) => {
  expect(findForbidden([{ path: 'src/a.ts', text }])).toHaveLength(1);
});
