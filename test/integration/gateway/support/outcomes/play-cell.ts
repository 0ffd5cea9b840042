import type { ServerSpec } from '../../../../../src/facts/server.ts';
import { httpServer, nodeServer } from '../../../support/start-gateway.ts';
import { HttpClient, type PlayedClient, SseClient, WrapperClient } from './played-client.ts';
import {
  type ChildSide,
  type HttpSide,
  HttpServer,
  type PlayedServer,
  SseServer,
  StdioServer,
} from './played-server.ts';
import type { Cell } from './read-table.ts';
import type { ServedCells } from './serve-played.ts';

export type ServerSide =
  | { readonly over: 'http' | 'sse'; readonly server: HttpSide }
  | { readonly over: 'stdio'; readonly server: ChildSide };

/** Where the gateway is, for clients. */
export interface GatewayPlace {
  url(server: string, route?: string): string;
  /** A configuration that names it. */
  readonly config: string;
}

interface Route {
  createServer(name: string): ServerSide;
  createClient(name: string, place: GatewayPlace): PlayedClient;
}

const http = (isResumable: boolean) => (): ServerSide => ({
  over: 'http',
  server: new HttpServer(isResumable),
});
const sse = (name: string): ServerSide => ({ over: 'sse', server: new SseServer(`/${name}`) });
const child = (): ServerSide => ({ over: 'stdio', server: new StdioServer() });
const client = (era: 'legacy' | 'modern') => (name: string, place: GatewayPlace) =>
  new HttpClient(place.url(name), era);

/** By the heads of the columns. */
const ROUTES: Readonly<Record<string, Route>> = {
  HTTP: { createServer: http(true), createClient: client('legacy') },
  'modern HTTP': { createServer: http(false), createClient: client('modern') },
  SSE: {
    createServer: sse,
    createClient: (name, place) => new SseClient(place.url(name, '/sse')),
  },
  'own child': { createServer: child, createClient: client('legacy') },
  'shared child': { createServer: child, createClient: client('modern') },
  'SSE bridge': { createServer: sse, createClient: client('legacy') },
  wrapper: {
    createServer: http(true),
    createClient: (name, { config }) => new WrapperClient(name, config),
  },
};

export function routeOf({ route }: Cell): Route {
  const found = ROUTES[route];
  if (!found) throw new Error(`docs/outcomes.md: no way is called ${route}`);
  return found;
}

/** The server as the gateway is configured with it. */
export function specOf({ name }: Cell, { over }: ServerSide, served: ServedCells): ServerSpec {
  return over === 'stdio'
    ? nodeServer(name, served.childArgs(name))
    : httpServer(name, served.url(name), {}, over);
}

export interface Players {
  readonly server: PlayedServer;
  readonly client: PlayedClient;
  /** The deadline of the gateway for this server is short from here on. */
  shortenDeadline(): void;
}

/** Up to the moment at which the cell ends its call. */
export async function beginCall(
  { when }: Cell,
  { server, client: caller }: Players,
): Promise<void> {
  caller.call();
  await server.arrived;
  if (when === 'before') return;
  server.begin();
  // On a very busy machine the deadline may pass before.
  await Promise.race([caller.seen('notifications/progress'), caller.seen('"reason":"timeout"')]);
  if (when === 'during') return;
  server.answer();
  await caller.seen('done');
}

type End = (players: Players, cell: Cell) => Promise<void> | void;

const DEADLINE_PASSES = 'gateway: its deadline passes';
/** After these a client may come back within the deadline. */
const GIVE_TIME = ['client: closes its stream', 'server: is killed', 'server: closes its stream'];

/** By the first column. The gateway that stops is not among them. */
const ENDS: Readonly<Record<string, End>> = {
  'client: cancels': ({ client: caller }) => caller.cancel(),
  'client: ends its session': ({ client: caller }) => caller.endSession(),
  'client: closes its stream'({ client: caller, server }, { route }) {
    caller.closeStream();
    if (route === 'wrapper') server.answer();
  },
  async 'client: comes back for the answer'({ client: caller, server }) {
    await caller.comeBack();
    server.answer();
  },
  'server: is killed': ({ server }) => server.kill(),
  'server: closes its stream': ({ server }) => server.closeStream(),
  async 'server: has lost the session'({ client: caller, server }, { when }) {
    server.lose();
    if (when === 'before') return;
    await caller.ping();
    server.answer();
  },
  'server: answers with an error': ({ server }) => server.fail(),
  'server: answers 404 with -32601': ({ server }) => server.lackMethod(),
  [DEADLINE_PASSES]: () => undefined,
};

export const GATEWAY_STOPS = 'gateway: stops';

/** Plays a cell to the moment after which nothing more happens by the test. */
export async function playCell(cell: Cell, players: Players): Promise<void> {
  const end = ENDS[cell.who];
  if (!end) throw new Error(`docs/outcomes.md: nobody is called ${cell.who}`);
  await players.client.open();
  if (cell.who === DEADLINE_PASSES) players.shortenDeadline();
  await beginCall(cell, players);
  if (GIVE_TIME.includes(cell.who)) players.shortenDeadline();
  await end(players, cell);
}
