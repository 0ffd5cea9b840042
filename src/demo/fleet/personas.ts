import type { Rhythm } from './daily-rhythm.ts';

export interface ToolCall {
  readonly name: string;
  readonly arguments: Record<string, unknown>;
}

/** Who uses the sample servers. */
export interface Persona {
  /** `clientInfo` of the handshake. */
  readonly name: string;
  readonly version: string;
  readonly era: 'legacy' | 'auto';
  readonly rhythm: Rhythm;
  /** Clients of this kind at the same time. */
  readonly clients: number;
  readonly callsPerMinuteAtPeak: number;
  /** Names of servers at the gateway; the first ones are used most. */
  readonly servers: readonly string[];
}

export const PERSONAS: readonly Persona[] = [
  {
    name: 'desktop-assistant',
    version: '3.2.1',
    era: 'auto',
    rhythm: 'office',
    clients: 3,
    callsPerMinuteAtPeak: 20,
    servers: ['search', 'files', 'memory', 'tickets'],
  },
  {
    name: 'code-editor',
    version: '1.104.0',
    era: 'legacy',
    rhythm: 'office',
    clients: 3,
    callsPerMinuteAtPeak: 30,
    servers: ['files', 'search', 'events'],
  },
  {
    name: 'support-bot',
    version: '0.9.4',
    era: 'auto',
    rhythm: 'always',
    clients: 3,
    callsPerMinuteAtPeak: 40,
    servers: ['tickets', 'weather', 'memory', 'events'],
  },
  {
    name: 'nightly-reports',
    version: '2.0.0',
    era: 'legacy',
    rhythm: 'night',
    clients: 1,
    callsPerMinuteAtPeak: 90,
    servers: ['reports', 'search', 'weather'],
  },
];

const TEXTS = [
  'invoice 4711',
  'Which of our tickets are older than a week, and who has them?',
  'Summarise what changed since the last release, with a link for each change, and leave out what is only formatting.',
  'hello',
] as const;

const EVERYTHING: readonly ((random: () => number) => ToolCall)[] = [
  (random) => ({ name: 'echo', arguments: { message: pick(TEXTS, random) } }),
  (random) => ({ name: 'echo', arguments: { message: pick(TEXTS, random).repeat(8) } }),
  (random) => ({ name: 'get-sum', arguments: { a: Math.round(random() * 100), b: 40 } }),
  () => ({ name: 'get-structured-content', arguments: { location: 'Chicago' } }),
  () => ({ name: 'get-annotated-message', arguments: { messageType: 'success' } }),
  () => ({ name: 'get-tiny-image', arguments: {} }),
];

/** Rare enough that a server with it is not slow. */
const LONG: ToolCall = {
  name: 'trigger-long-running-operation',
  arguments: { duration: 1, steps: 2 },
};

const MISTAKES: readonly ToolCall[] = [
  { name: 'get-sum', arguments: { a: 'forty', b: 2 } },
  { name: 'lookup-customer', arguments: { id: 17 } },
  { name: 'read_text_file', arguments: { path: '/etc/hostname' } },
];

const TOOLS: Readonly<Record<string, readonly ((random: () => number) => ToolCall)[]>> = {
  files: [
    () => ({ name: 'list_directory', arguments: { path: '/app/dist' } }),
    () => ({ name: 'read_text_file', arguments: { path: '/app/package.json' } }),
    () => ({ name: 'directory_tree', arguments: { path: '/app/dist/demo' } }),
  ],
  memory: [
    (random) => ({ name: 'search_nodes', arguments: { query: pick(TEXTS, random) } }),
    () => ({ name: 'read_graph', arguments: {} }),
    (random) => ({
      name: 'create_entities',
      // A bounded set of names, so that the graph does not grow for ever.
      arguments: {
        entities: [{ name: pick(TEXTS, random), entityType: 'note', observations: [] }],
      },
    }),
  ],
};

/** What a client asks next of that server: mostly good, now and then a mistake of its own. */
export function nextCall(server: string, random: () => number): ToolCall {
  const luck = random();
  if (luck < 0.01) return pick(MISTAKES, random);
  if (luck < 0.03 && !TOOLS[server]) return LONG;
  return pick(TOOLS[server] ?? EVERYTHING, random)(random);
}

/** The first twice as often as the second, and so on. */
export function nextServer({ servers }: Persona, random: () => number): string {
  const last = servers.length - 1;
  return servers[Math.min(last, Math.floor(-Math.log2(1 - random())))] ?? '';
}

function pick<T>(values: readonly [T, ...T[]] | readonly T[], random: () => number): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new Error('nothing to pick from');
  return value;
}
