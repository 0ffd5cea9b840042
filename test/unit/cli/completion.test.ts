import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { COMPLETION_SHELLS, writeCompletion } from '../../../src/cli/completion.ts';
import { describeCommands } from '../../../src/cli/describe-commands.ts';
import { run } from '../../../src/cli/run.ts';
import { createFakeContext } from '../../fakes/fake-context.ts';

const runFile = promisify(execFile);

async function scriptFor(shell: string): Promise<string> {
  const context = createFakeContext();
  expect(await run(['completion', shell], context)).toBe(0);
  return context.out();
}

/** What bash offers for the last of `words`, with `alpha` and `beta` as the servers of the service. */
async function completeInBash(words: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await runFile('bash', [
    '-c',
    `mcp-exporter() { printf 'alpha\\nbeta\\n'; }
eval "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_mcp_exporter
printf '%s\\n' "\${COMPREPLY[@]}"`,
    'bash',
    await scriptFor('bash'),
    'mcp-exporter',
    ...words,
  ]);
  return stdout.trim().split('\n');
}

test.each([
  [['dis'], ['disable']],
  [
    ['disable', ''],
    ['alpha', 'beta'],
  ],
  [['disable', 'b'], ['beta']],
  [['disable', '--f'], ['--for']],
  [['disable', '--for', '1h', 'al'], ['alpha']],
  [['disable', '--for', ''], ['']],
  [['disable', '--config', 'enable', 'al'], ['alpha']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  [['render', 'al'], ['alertmanager']],
  [['check', '--al'], ['--all']],
  [['check-config', '--config', '/etc/hostn'], ['/etc/hostname']],
  [['unknown', 'stat'], ['status']],
])('bash completes %j to %j', async (words, offered) => {
  expect(await completeInBash(words)).toEqual(offered);
});

test('bash offers every command', async () => {
  const offered = await completeInBash(['']);
  expect(offered).toEqual(
    expect.arrayContaining(['serve', 'status', 'check', 'disable', 'enable', 'completion']),
  );
});

test('bash completes a command in a command, its options and its argument', async () => {
  const program = new Command('mcp-exporter');
  const outer = program.command('outer').option('-x, --extra <text>');
  outer.command('inner').argument('<name>').option('-y');
  const script = writeCompletion('bash', describeCommands(program));
  expect(script).toContain(
    `'outer') options='-x --extra -h --help' words='inner' kind=words files='' texts='-x --extra'`,
  );
  expect(script).toContain(`'outer inner') options='-y -h --help' words='' kind=server`);
});

test.each(COMPLETION_SHELLS)('the script for %s names every command and option', async (shell) => {
  const script = await scriptFor(shell);
  for (const word of ['healthcheck', 'disable', 'until', 'token-file', 'wrap', 'status --names'])
    expect(script).toContain(word);
});

test('quotes in a description do not end the text of zsh and fish', () => {
  const program = new Command('mcp-exporter');
  program.command('odd').description("it's $(odd)").option('--a', "it's [odd]: yes");
  const words = describeCommands(program);
  expect(writeCompletion('zsh', words)).toContain(String.raw`'odd:it'\''s $(odd)'`);
  expect(writeCompletion('zsh', words)).toContain(String.raw`'--a[it'\''s \[odd\]\: yes]'`);
  expect(writeCompletion('fish', words)).toContain(String.raw`-d 'it\'s $(odd)'`);
});

test('an unknown shell is a mistake of usage', async () => {
  const context = createFakeContext();
  expect(await run(['completion', 'tcsh'], context)).toBe(2);
  expect(context.err()).toContain('Allowed choices are bash, zsh, fish.');
});
