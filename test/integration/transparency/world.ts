import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from '../../differential/clients/client.ts';
import { type Program, startProgram } from '../gateway/support/start-program.ts';
import { CONFORMANCE_DIRECTORY } from '../support/conformance-programs.ts';
import {
  httpServer,
  nodeServer,
  type StartedGateway,
  startGateway,
} from '../support/start-gateway.ts';
import { MAIN } from '../support/stdio-command.ts';
import { directKey, type Lane } from './lanes.ts';
import type { Message } from './peer.ts';

const SERVE_HTTP = join(CONFORMANCE_DIRECTORY, 'demand-server/serve-http.ts');
const SERVE_STDIO = join(CONFORMANCE_DIRECTORY, 'demand-server/serve-stdio.ts');

/** A line of what a server sees: a message of the client, a request of HTTP, or a note of a tool. */
export interface ServerEntry {
  readonly pid: number;
  readonly verb?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly message?: Message;
  readonly [note: string]: unknown;
}

/** One end of a lane, direct or through the gateway. */
export interface Side {
  readonly address: Address;
  /** What the server saw so far. */
  seen(): Promise<readonly ServerEntry[]>;
  /** As a restart of the server: it knows no session, and all connections break. Does nothing to a stdio server. */
  forget(): Promise<void>;
}

/** The servers of all lanes, and a gateway in front of them. */
export interface World {
  direct(lane: Lane): Side;
  through(lane: Lane): Side;
  /** Exchanges that the gateway recorded. */
  callsOf(lane: Lane): number;
  stop(): Promise<void>;
}

export async function startWorld(lanes: readonly Lane[]): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-exporter-transparency-'));
  const remote = await startProgram(SERVE_HTTP, [folder]);
  const logOf = (name: string): string => join(folder, `${name}.jsonl`);
  const urlOf = ({ server, route }: Lane, name: string): string =>
    `http://127.0.0.1:${remote.port}/${name}/${server}/${route.server === 'sse' ? 'sse' : 'mcp'}`;
  const argsOf = ({ server }: Lane, name: string): readonly string[] => [
    SERVE_STDIO,
    server,
    logOf(name),
  ];
  const servers = lanes.map((lane) =>
    lane.route.server === 'stdio'
      ? nodeServer(lane.key, argsOf(lane, lane.key))
      : httpServer(lane.key, urlOf(lane, lane.key), {}, lane.route.server),
  );
  const gateway = await startGateway({ servers, identityOf: (name) => identityOf(lanes, name) });
  const config = await writeConfig(
    folder,
    gateway,
    servers.map(({ name }) => name),
  );
  const sideOf = (name: string, address: Address): Side => ({
    address,
    seen: createLogReader(logOf(name)),
    async forget() {
      await fetch(`http://127.0.0.1:${remote.port}/${name}`, { method: 'DELETE' });
    },
  });
  return {
    direct(lane) {
      const name = directKey(lane);
      const address: Address =
        lane.route.server === 'stdio'
          ? { transport: 'stdio', command: process.execPath, args: argsOf(lane, name) }
          : { transport: lane.route.server, url: urlOf(lane, name) };
      return sideOf(name, address);
    },
    through({ key, route }) {
      if (route.client === 'stdio') {
        const args = [MAIN, 'stdio', key, '--config', config];
        return sideOf(key, { transport: 'stdio', command: process.execPath, args });
      }
      const url = gateway.url(key, route.client === 'sse' ? '/sse' : '/mcp');
      return sideOf(key, { transport: route.client, url });
    },
    callsOf: ({ key }) => gateway.records.filter(({ server }) => server === key).length,
    stop: () => stopAll(gateway, remote, folder),
  };
}

async function stopAll(gateway: StartedGateway, remote: Program, folder: string): Promise<void> {
  await gateway.stop(100);
  await remote.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** What the command `stdio` reads: where the gateway listens. */
async function writeConfig(
  folder: string,
  { port }: StartedGateway,
  names: readonly string[],
): Promise<string> {
  const path = join(folder, 'mcp-exporter.json');
  const entry = { command: 'nothing-that-could-be-started' };
  const mcpServers = Object.fromEntries(names.map((name) => [name, entry]));
  await writeFile(path, JSON.stringify({ gateway: { listen: `127.0.0.1:${port}` }, mcpServers }));
  return path;
}

/** What the prober would know. */
function identityOf(lanes: readonly Lane[], name: string) {
  const lane = lanes.find(({ key }) => key === name);
  if (!lane) return undefined;
  const isModern = lane.server === 'v2' && lane.route.server !== 'sse';
  return {
    transport: lane.route.server,
    era: isModern ? ('modern' as const) : ('legacy' as const),
    protocolVersion: isModern ? '2026-07-28' : '2025-11-25',
    implementation: 'demand',
    version: '1.0.0',
  };
}

/** Reads what was appended since the last time. */
function createLogReader(path: string): () => Promise<readonly ServerEntry[]> {
  const entries: ServerEntry[] = [];
  let position = 0;
  let reading: Promise<unknown> = Promise.resolve();
  const readOn = async (): Promise<void> => {
    const file = await open(path).catch(() => undefined);
    if (!file) return;
    try {
      const { size } = await file.stat();
      const { buffer } = await file.read(
        Buffer.alloc(size - position),
        0,
        size - position,
        position,
      );
      const end = buffer.lastIndexOf('\n') + 1;
      position += end;
      const lines = buffer.toString('utf8', 0, end).split('\n').slice(0, -1);
      entries.push(...lines.map((line) => JSON.parse(line) as ServerEntry));
    } finally {
      await file.close();
    }
  };
  return async () => {
    reading = reading.then(readOn);
    await reading;
    return [...entries];
  };
}
