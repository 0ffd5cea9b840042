import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/settings/load-config.ts';
import { formatProblems } from '../../../src/settings/source-file.ts';

// Each file shows one kind of mistake; what is printed for it stands beside it, to be read as a user would read it.

const FOLDER = 'test/fixtures/config';
const fixtures = readdirSync(FOLDER).filter((name) => /^invalid-.*\.(?:yml|json)$/.test(name));
const env = { HOME: '/home/dev', SET: 'planted-secret-in-variable' };

async function mistakesOf(fixture: string): Promise<string> {
  const result = await loadConfig({ path: join(FOLDER, fixture), env });
  return result.ok ? 'no mistake' : formatProblems(result.problems);
}

test('there is a fixture for every kind of mistake', () => {
  expect(fixtures.length).toBeGreaterThan(35);
});

test.each(fixtures)('%s is refused with exactly the message beside it', async (fixture) => {
  const mistakes = await mistakesOf(fixture);
  expect(mistakes).not.toBe('no mistake');
  await expect(`${mistakes}\n`).toMatchFileSnapshot(
    join(
      process.cwd(),
      FOLDER,
      fixture.replace(/\.\w+$/, (extension) => `${extension}.txt`),
    ),
  );
});

test.each(fixtures)('the message for %s names a place and holds no secret', async (fixture) => {
  const mistakes = await mistakesOf(fixture);
  expect(mistakes).not.toContain('planted-secret');
  for (const line of mistakes.split('\n'))
    expect(line).toMatch(/^test\/fixtures\/config\/\S+:\d+:\d+ {2}/);
});

test('ten mistakes in one file are ten lines at once', async () => {
  const mistakes = await mistakesOf('invalid-ten-mistakes.yml');
  expect(mistakes.split('\n')).toHaveLength(10);
});
