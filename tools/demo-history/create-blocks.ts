import { spawn } from 'node:child_process';

/** A program and the arguments that come before those of `promtool`. */
export type Command = readonly [program: string, ...before: string[]];

/** Runs promtool. @throws with its output if it fails or is missing */
async function runPromtool(
  [program, ...before]: Command,
  args: readonly string[],
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  const child = spawn(program, [...before, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const listen = (text: string): void => void (said += text);
  child.stdout.setEncoding('utf8').on('data', listen);
  child.stderr.setEncoding('utf8').on('data', listen);
  child.once('error', reject);
  child.once('close', resolve);
  const code = await promise;
  if (code !== 0) throw new Error(`${program} failed (exit code ${code}): ${said.trim()}`);
  return said;
}

/** Makes blocks of a file in OpenMetrics; promtool reads it once for each block. */
export async function createBlocks(
  command: Command,
  path: string,
  dataFolder: string,
  blockHours: number,
): Promise<void> {
  const blocks = `--max-block-duration=${blockHours}h`;
  const task = ['tsdb', 'create-blocks-from', 'openmetrics'];
  await runPromtool(command, [...task, blocks, '--quiet', path, dataFolder]);
}

/** Unix time in seconds of the oldest sample in the blocks of a data folder; `undefined` if there is none. */
export async function oldestSample(
  command: Command,
  dataFolder: string,
): Promise<number | undefined> {
  const list = await runPromtool(command, ['tsdb', 'list', dataFolder]);
  const starts = [...list.matchAll(/^[0-9A-Z]{26}\s+(\d+)/gm)].map(([, ms]) => Number(ms) / 1_000);
  return starts.length === 0 ? undefined : Math.min(...starts);
}
