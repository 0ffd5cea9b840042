import { setTimeout as delay } from 'node:timers/promises';
import type { HttpTarget } from '../../../src/facts/server.ts';
import {
  error,
  type Profile,
  result,
  type Script,
  type ScriptedMcpServer,
  startScriptedMcpServer,
  status,
} from '../../fakes/scripted-mcp-server.ts';
import { REAL_SERVERS } from '../../integration/support/real-servers.ts';
import { startServer } from '../../integration/support/start-server.ts';
import type { Ending } from './ending.ts';

/** An entry of `mcpServers`. */
export type ServerEntry = Readonly<Record<string, unknown>>;

export interface Fleet {
  readonly entries: Readonly<Record<string, ServerEntry>>;
  /** Ends the server that dies; started anew at its old port by `revive`. */
  kill(): Promise<void>;
  revive(): Promise<void>;
}

const TOOLS: Readonly<Record<string, readonly string[]>> = {
  search: ['search', 'fetch-page', 'suggest'],
  tickets: ['find-tickets', 'create-ticket', 'comment'],
  events: ['list-events', 'create-event'],
};

const MODERN = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' };

const PRICES = {
  reports: { perCall: 0.0005 },
  search: { perCall: 0.01, tools: { search: { perCall: 0.02 } } },
  tickets: { perThousandInputTokens: 0.01, perThousandOutputTokens: 0.03 },
  events: { perCall: 0.001 },
} as const;

/**
 * Ten servers that differ in all that dashboards tell apart: program, transport, era, speed, and how well they are. Three
 * of the programs nobody here wrote.
 */
export async function startFleet(ending: Ending): Promise<Fleet> {
  const scripted = async (name: string, profile: Profile): Promise<ScriptedMcpServer> => {
    const tools = (TOOLS[name] ?? ['work']).map((tool) => ({
      name: tool,
      description: `Does ${tool}`,
      inputSchema: { type: 'object' },
    }));
    const server = await startScriptedMcpServer({ profile, tools });
    ending.add(() => server.close());
    return server;
  };
  const search = await scripted('search', 'legacy-session');
  search.script('ping', later(700, 150, result({})));
  search.script('tools/call', later(900, 700, saying(2_000)));
  const tickets = await scripted('tickets', 'modern');
  tickets.script('tools/call', sometimes);
  tickets.script('tools/list', changing);
  const events = await scripted('events', 'sse');
  const crm = await scripted('crm', 'legacy-stateless');
  crm.script('*', status(401, { 'www-authenticate': 'Bearer' }));
  const billing = await scripted('billing', 'legacy-session');
  billing.script('tools/list', error(-32603, 'the ledger is closed'));
  const weather = await startRealServer('everything-http');
  let weatherNow = weather;
  ending.add(() => weatherNow.stop('SIGKILL'));

  const entries: Record<string, ServerEntry> = {
    reports: await stdioEntry('everything-stdio', ending),
    files: await stdioEntry('filesystem-stdio', ending),
    memory: await stdioEntry('memory-stdio', ending),
    search: { url: search.url },
    tickets: { url: tickets.url },
    events: { url: events.url, type: 'sse' },
    weather: { url: urlOf(weather.target as HttpTarget), type: 'http' },
    crm: { url: crm.url, type: 'http' },
    billing: { url: billing.url, type: 'http' },
    archive: { url: 'http://127.0.0.1:9/mcp', type: 'http', disabled: true },
  };
  for (const [name, prices] of Object.entries(PRICES))
    entries[name] = { ...entries[name], gateway: { prices } };
  return {
    entries,
    kill: () => weatherNow.stop('SIGKILL'),
    async revive() {
      const port = Number(new URL(urlOf(weather.target as HttpTarget)).port);
      weatherNow = await startRealServer('everything-http', port);
    },
  };
}

const urlOf = ({ url }: HttpTarget): string => url;

function realServer(name: string) {
  const row = REAL_SERVERS.find((candidate) => candidate.name === name);
  if (!row) throw new Error(`${name} left the table`);
  return row;
}

function startRealServer(name: string, port?: number) {
  return startServer(realServer(name), {}, port);
}

async function stdioEntry(name: string, ending: Ending): Promise<ServerEntry> {
  const row = realServer(name);
  const { directory, stop } = await startServer(row);
  ending.add(() => stop());
  const { command, args, env = {} } = row.commandLine({ directory, port: 0 });
  return { command, args, env, cwd: directory };
}

/** A tool whose description is another every twenty seconds: someone may have swapped it. */
const changing: Script = (exchange) => {
  const description = `As of ${Math.floor(Date.now() / 20_000)}`;
  const tools = (TOOLS['tickets'] ?? []).map((name) => ({
    name,
    description,
    inputSchema: { type: 'object' },
  }));
  result({ ...MODERN, tools })(exchange);
};

/** Answers after `base` milliseconds and up to `spread` more. */
function later(base: number, spread: number, script: Script): Script {
  return (exchange) => {
    void delay(base + Math.random() * spread).then(() => script(exchange));
  };
}

function saying(length: number): Script {
  return result({ content: [{ type: 'text', text: 'word '.repeat(length / 5) }] });
}

/** Nine times out of ten a good answer; else each kind of bad one. */
const sometimes: Script = (exchange) => {
  const chance = Math.random();
  const text = { content: [{ type: 'text', text: 'the tracker is busy' }] };
  if (chance < 0.05) result({ ...MODERN, ...text, isError: true })(exchange);
  else if (chance < 0.07) error(-32603, 'the tracker fell over')(exchange);
  else if (chance < 0.09) status(503)(exchange);
  else later(20, 200, result({ ...MODERN, ...text }))(exchange);
};
