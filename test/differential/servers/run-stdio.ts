// The program of a stdio server of the corpus; argv[2] is its name.
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { STDIO_SERVERS } from '../corpus/stdio.ts';
import { createExchangeState, parseMessage, takeMessage } from './exchange-state.ts';
import type { OddStdioServer } from './odd-server.ts';
import { writePieces } from './send-answer.ts';

const EXIT_PAUSE_MS = 50;

const found = STDIO_SERVERS.find(({ name }) => name === process.argv[2]);
if (!found) throw new Error(`no server is called ${process.argv[2] ?? ''}`);
await run(found);

async function run(odd: OddStdioServer): Promise<void> {
  const state = createExchangeState(odd);
  if (odd.isStubborn === true) {
    process.on('SIGTERM', () => undefined);
    setInterval(() => undefined, 60_000);
  }
  if (odd.startMs !== undefined) await delay(odd.startMs);
  if (odd.stderr !== undefined) process.stderr.write(odd.stderr);
  if (odd.banner) await writePieces(process.stdout, odd.banner);
  createInterface({ input: process.stdin }).on('line', (line) => void answer(odd, state, line));
}

async function answer(
  odd: OddStdioServer,
  state: ReturnType<typeof createExchangeState>,
  line: string,
): Promise<void> {
  const asked = takeMessage(state, parseMessage(line));
  if (asked.method !== '' && asked.method === odd.exitsAt) {
    process.exit(1);
  }
  if (asked.reply !== undefined) {
    const usual = { bytes: `${JSON.stringify(asked.reply)}\n` };
    await writePieces(process.stdout, odd.line?.(asked, usual) ?? [usual]);
  }
  if (asked.method !== '' && asked.method === odd.exitsAfter) {
    await delay(EXIT_PAUSE_MS);
    process.exit(0);
  }
}
