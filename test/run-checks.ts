import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';

/**
 * The whole check, as CI runs it: `npm test`, or `npm run test:full` with the big proofs at their real size.
 * Quick judgements come first, and the first failure ends the run. The tests come last, so that their summary closes it.
 */
interface Step {
  readonly title: string;
  /** As in a script of package.json: programs of node_modules/.bin are on the PATH. */
  readonly command: string;
}

const STEPS: readonly Step[] = [
  { title: 'Formatting', command: 'npm run --silent format:check' },
  { title: 'Lint', command: 'npm run --silent lint' },
  { title: 'Types', command: 'npm run --silent types' },
  { title: 'Dead code', command: 'npm run --silent knip' },
  { title: 'Generated files', command: 'npm run --silent generate -- --check' },
  { title: 'Build', command: 'npm run --silent build' },
  { title: 'Package', command: 'npm run --silent package' },
  { title: 'Tests', command: 'vitest run --config test/vitest.config.ts' },
];

const { values } = parseArgs({ options: { full: { type: 'boolean', default: false } } });
process.exitCode = await runAll(STEPS, values.full);

async function runAll(steps: readonly Step[], isFull: boolean): Promise<number> {
  for (const { title, command } of steps) {
    process.stdout.write(`\n── ${title}: ${command}\n`);
    const startedAtMs = performance.now();
    const code = await run(command, isFull);
    const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1);
    if (code !== 0) {
      process.stderr.write(`── ${title} failed after ${seconds} s (exit code ${code})\n`);
      return 1;
    }
    if (title !== steps.at(-1)?.title) process.stdout.write(`── passed in ${seconds} s\n`);
  }
  return 0;
}

/** Resolves with the exit code; 1 where a signal or a missing shell ended the command. */
function run(command: string, isFull: boolean): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const env = isFull ? { ...process.env, MCP_EXPORTER_FULL: '1' } : process.env;
  const child = spawn(command, { shell: true, stdio: 'inherit', env });
  child.once('error', () => resolve(1));
  child.once('exit', (code) => resolve(code ?? 1));
  return promise;
}
