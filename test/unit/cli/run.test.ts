import { expect, test } from 'vitest';
import { run } from '../../../src/cli/run.ts';
import { VERSION } from '../../../src/app/version.ts';
import { createFakeContext } from '../../fakes/fake-context.ts';

test.each([['--version'], ['-V']])('%s prints the version alone', async (option) => {
  const context = createFakeContext();
  expect(await run([option], context)).toBe(0);
  expect(context.out()).toBe(`${VERSION}\n`);
});

test.each([
  [
    ['--help'],
    [
      'serve',
      'check-config',
      'probe',
      'healthcheck',
      'Examples:',
      'Exit codes:',
      '19110',
      'mcp-exporter.yml',
    ],
  ],
  [
    ['serve', '--help'],
    ['--config', '--listen', '--log-level', 'SIGHUP', 'SIGTERM'],
  ],
  [
    ['probe', '--help'],
    ['--json', '--header', '--timeout', 'Examples:', 'Exit codes:', '-- COMMAND'],
  ],
  [
    ['healthcheck', '--help'],
    ['--url', 'HEALTHCHECK', 'Exit codes:'],
  ],
  [['check-config', '--help'], ['[file]']],
])('%j teaches what there is', async (argv, words) => {
  const context = createFakeContext();
  expect(await run(argv, context)).toBe(0);
  for (const word of words) expect(context.out()).toContain(word);
  expect(context.err()).toBe('');
});

test.each([
  [['prob'], "error: unknown command 'prob'\n(Did you mean probe?)"],
  [['serve', '--lisen', 'x'], "error: unknown option '--lisen'\n(Did you mean --listen?)"],
  [['serve', 'extra'], 'error: too many arguments'],
  [['serve', '--', 'extra'], 'error: too many arguments'],
  [['serve', '--listen', '19110'], 'It must be HOST:PORT'],
  [['serve', '--log-level', 'loud'], 'It must be trace, debug,'],
  [['probe', 'http://a/mcp', '--timeout', '5'], 'It must be a duration'],
  [['probe', 'http://a/mcp', '--header', 'no colon'], "It must be 'Name: value'"],
  [['healthcheck', '--url', 'ftp://a'], 'It must be a URL'],
])('%j is a mistake of usage and ends with 2', async (argv, message) => {
  const context = createFakeContext();
  expect(await run(argv, context)).toBe(2);
  expect(context.err()).toContain(message);
  expect(context.out()).toBe('');
});

test('check-config takes the file and the environment', async () => {
  const context = createFakeContext();
  expect(await run(['check-config', '/nowhere/a.yml'], context)).toBe(1);
  expect(context.err()).toContain('/nowhere/a.yml  the file does not exist');
});
