import { chmod, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { type Command, createBlocks, oldestSample } from './create-blocks.ts';
import { DEMO_SERVERS } from './demo-servers.ts';
import { writeHistory } from './write-history.ts';

const USAGE = `usage: npm run demo:history -- [--days N] [--into DIR] [--add]

Fills Prometheus with N days (30) of made-up traffic for the servers of the profile demo, under gateway="demo".

  --into DIR  data folder of a Prometheus of your own, with promtool on the PATH;
              without it the volume of docker-compose.yml
  --days N    1 to 40
  --add       even where there is older data already
`;
const DAYS_MAX = 40;
const DAY_SECONDS = 86_400;
/** Where the volume and the written pieces are inside the container. */
const VOLUME = '/prometheus';
const PIECES = '/history';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        into: { type: 'string' },
        days: { type: 'string', default: '30' },
        add: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    const days = Number(values.days);
    if (!Number.isInteger(days) || days < 1 || days > DAYS_MAX)
      throw new Error(`--days is a whole number from 1 to ${DAYS_MAX}, not ${values.days}`);
    await fillHistory(days, values.add, values.into);
    return 0;
  } catch (error) {
    process.stderr.write(`demo:history: ${explain(error)}\n`);
    return 1;
  }
}

async function fillHistory(days: number, isAdded: boolean, into?: string): Promise<void> {
  const dataFolder = into ?? VOLUME;
  if (into !== undefined) await mkdir(into, { recursive: true });
  const promtool = (piece?: string): Command =>
    into === undefined ? inContainer(piece) : ['promtool'];
  const nowSeconds = Math.floor(Date.now() / 60_000) * 60;
  const oldest = await oldestSample(promtool(), dataFolder);
  if (oldest !== undefined && oldest < nowSeconds - DAY_SECONDS && !isAdded)
    throw new Error(
      `there is data since ${new Date(oldest * 1_000).toISOString()} already, perhaps of an earlier run. ` +
        'To begin anew remove it (`docker compose down --volumes`, or the folder); --add adds to it.',
    );
  const startedMs = performance.now();
  const samples = await writeHistory({
    servers: DEMO_SERVERS,
    nowSeconds,
    days,
    rawDays: 1,
    async createBlocks(path, blockHours) {
      // The user of the container must be able to read it.
      await chmod(dirname(path), 0o755);
      const seen = into === undefined ? path.replace(dirname(path), PIECES) : path;
      await createBlocks(promtool(dirname(path)), seen, dataFolder, blockHours);
    },
    onProgress: ({ done, samples: soFar }) =>
      process.stdout.write(
        `${(done * 100).toFixed(0).padStart(3)} %  ${millions(soFar)} samples\n`,
      ),
  });
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(0);
  process.stdout.write(
    `${days} days of demo history, ${millions(samples)} samples, in ${seconds} s. ` +
      'A Prometheus that runs on this data sees it within a minute.\n',
  );
}

/** promtool of the image that compose runs, on its volume. */
function inContainer(pieces?: string): Command {
  const mount = pieces === undefined ? [] : ['--volume', `${pieces}:${PIECES}:ro`];
  const run = ['compose', 'run', '--rm', '--no-deps', '--no-TTY', '--entrypoint', 'promtool'];
  return ['docker', ...run, ...mount, 'prometheus'];
}

function millions(samples: number): string {
  return `${(samples / 1e6).toFixed(1)} million`;
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return error.message;
  return `${error.message}. It takes docker, or promtool on the PATH with --into; docs/demo-history.md has more.`;
}
