import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hub } from '../../../../../src/facts/hub.ts';
import type { ServerSpec } from '../../../../../src/facts/server.ts';
import { startGateway } from '../../../support/start-gateway.ts';
import { type Players, routeOf } from './play-cell.ts';
import type { PlayedServer } from './played-server.ts';
import type { Cell } from './read-table.ts';

/** What a cell has before the gateway is there. */
export interface Prepared {
  readonly cell: Cell;
  readonly server: PlayedServer;
  readonly spec: ServerSpec;
}

/** A gateway with the servers of some cells, and their clients. */
export interface Stage {
  readonly players: ReadonlyMap<Cell, Players>;
  /** The gateway stops; calls get a moment to end. */
  stopGateway(): Promise<void>;
  close(): Promise<void>;
}

/** Time enough for what has to happen before it on a busy machine. */
const DEADLINE_MS = 1_500;
const DRAIN_MS = 100;

export async function startStage(prepared: readonly Prepared[], hub: Hub): Promise<Stage> {
  const servers = prepared.map(({ spec }) => spec);
  const gateway = await startGateway({ servers, hub, isSampled: true });
  const folder = await mkdtemp(join(tmpdir(), 'mcp-exporter-outcomes-'));
  const config = join(folder, 'mcp-exporter.yml');
  const mcpServers = Object.fromEntries(
    servers.flatMap(({ name, target }) =>
      target.kind === 'http' ? [[name, { url: target.url }]] : [],
    ),
  );
  const listen = `127.0.0.1:${gateway.port}`;
  await writeFile(config, JSON.stringify({ gateway: { listen }, mcpServers }));
  const short = new Set<string>();
  const shortenDeadline = (name: string): void => {
    short.add(name);
    gateway.apply(servers.map((spec) => (short.has(spec.name) ? withDeadline(spec) : spec)));
  };
  const players = new Map(
    prepared.map(({ cell, server }) => {
      const client = routeOf(cell).createClient(cell.name, { url: gateway.url, config });
      return [cell, { server, client, shortenDeadline: () => shortenDeadline(cell.name) }];
    }),
  );
  return {
    players,
    stopGateway: () => gateway.stop(DRAIN_MS),
    async close() {
      await Promise.all([...players.values()].map(({ client }) => client.close()));
      await gateway.stop(0);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function withDeadline(spec: ServerSpec): ServerSpec {
  return { ...spec, gateway: { ...spec.gateway, timeoutMs: DEADLINE_MS } };
}
