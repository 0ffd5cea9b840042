import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { CallToolRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { createRegistry } from '../../src/instrument/metrics/create-registry.ts';
import { instrument } from '../../src/instrument/server/instrument.ts';

/** What `instrument` adds to a call: processor time with and without it, in rounds that take turns, and memory over many calls. */
const ROUNDS = 20;
const CALLS = 10_000;
/** The first rounds compile. */
const WARM_UP = 4;
const ADDED_US_MAX = 20;
const GROWTH_CALLS = 200_000;

interface Serving {
  call(): Promise<void>;
}

const message = (id: number) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: 'echo', arguments: { text: 'a text of some length, as tools get it' } },
});

async function serve(isInstrumented: boolean): Promise<Serving> {
  const info = { name: 'bench', version: '1.0.0' };
  const server = new Server(info, { capabilities: { tools: {} } });
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => ({
    content: [{ type: 'text', text: JSON.stringify(params.arguments) }],
  }));
  let answered: () => void = () => {};
  const transport = {
    onmessage: undefined as ((message: unknown) => void) | undefined,
    start: () => Promise.resolve(),
    close: () => Promise.resolve(),
    send(): Promise<void> {
      answered();
      return Promise.resolve();
    },
  };
  if (isInstrumented) instrument(server, { registry: createRegistry() });
  await server.connect(transport);
  let id = 0;
  return {
    call: () =>
      new Promise((resolve) => {
        answered = resolve;
        transport.onmessage?.(message((id += 1)));
      }),
  };
}

async function cpuPerCall({ call }: Serving): Promise<number> {
  const before = process.cpuUsage();
  for (let count = 0; count < CALLS; count += 1) await call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / CALLS;
}

const [plain, observed] = [await serve(false), await serve(true)];
const sums = { plain: 0, observed: 0 };
for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
  // Who comes first changes, so that the other's garbage is not always on the same bill.
  const order =
    round % 2 === 0 ? (['plain', 'observed'] as const) : (['observed', 'plain'] as const);
  for (const which of order) {
    const cost = await cpuPerCall(which === 'plain' ? plain : observed);
    if (round >= WARM_UP) sums[which] += cost / ROUNDS;
  }
}
const added = sums.observed - sums.plain;
console.table([{ 'µs per call without': sums.plain, with: sums.observed, added }]);

const heaps: number[] = [];
for (let part = 0; part < 4; part += 1) {
  for (let count = 0; count < GROWTH_CALLS / 4; count += 1) await observed.call();
  globalThis.gc?.();
  heaps.push(process.memoryUsage().heapUsed);
}
console.table([
  { calls: GROWTH_CALLS, 'heap growth in bytes': (heaps.at(-1) ?? 0) - (heaps[0] ?? 0) },
]);
if (added > ADDED_US_MAX) process.exitCode = 1;
