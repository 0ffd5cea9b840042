import { parseEnv } from 'node:util';
import { Secret } from '../facts/secret.ts';
import type { StdioTarget } from '../facts/server.ts';
import { argumentSecrets, type SecretBag } from './collect-secrets.ts';
import { printMasked } from './print-masked.ts';
import { resolvePath } from './resolve-path.ts';
import type { EntryContext, ServerEntry } from './server-entry.ts';

/** Builds the target of a server that is a child process. */
export async function toStdioTarget(
  entry: ServerEntry,
  secrets: SecretBag,
  isUnresolved: boolean,
  context: EntryContext,
): Promise<StdioTarget | undefined> {
  const { input, directory } = entry;
  const { report, home } = context;
  if (input.command === undefined) return undefined;
  const env = { ...(isUnresolved ? {} : await readEnvFile(entry, context)), ...input.env };
  for (const [name, value] of Object.entries(env)) {
    if (name === '' || /[=\0]/.test(name))
      report(['env', name], 'this is no name of an environment variable', 'key');
    if (value.includes('\0')) report(['env', name], 'must not hold a NUL character');
  }
  const args = input.args ?? [];
  if ([input.command, ...args].some((text) => text.includes('\0')))
    report(['command'], 'command and args must not hold a NUL character');
  secrets.add(...Object.values(env), ...argumentSecrets(args));
  const cwd =
    input.cwd === undefined ? entry.workingDirectory : resolvePath(input.cwd, directory, home);
  const target: StdioTarget = {
    kind: 'stdio',
    command: input.command,
    args,
    env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, new Secret(value)])),
    ...(cwd === undefined ? {} : { cwd }),
  };
  return printMasked(target, secrets.list());
}

async function readEnvFile(
  { input, directory }: ServerEntry,
  { readText, report, home }: EntryContext,
): Promise<Record<string, string>> {
  if (input.envFile === undefined) return {};
  const result = await readText(resolvePath(input.envFile, directory, home));
  if (!result.ok) {
    report(['envFile'], `the file ${result.reason}`);
    return {};
  }
  return Object.fromEntries(
    Object.entries(parseEnv(result.text)).map(([name, value]) => [name, value ?? '']),
  );
}
