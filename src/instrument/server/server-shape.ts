import { jsonObjectOf } from '../../facts/json-object.ts';

/**
 * Servers and transports of both SDKs, as far as the library touches them: `@modelcontextprotocol/sdk` (v1) and
 * `@modelcontextprotocol/server` (v2). Neither is imported, so that a server needs the one that it uses only.
 */
export interface ServerTransport {
  start(): Promise<void>;
  send(message: never, options?: never): Promise<void>;
  sessionId?: string | undefined;
  onmessage?: unknown;
  onclose?: unknown;
}

/** The low-level `Server` of either SDK. */
export interface LowLevelServer {
  connect(transport: never, ...rest: never[]): Promise<void>;
  readonly transport?: object | undefined;
}

/** The `McpServer` of either SDK. */
export interface HighLevelServer {
  readonly server: LowLevelServer;
}

export type AnyServer = LowLevelServer | HighLevelServer;

/** Fields that the types of the SDKs declare private. */
const IDENTITY = '_serverInfo';
const TOOLS = '_registeredTools';

export function lowLevelOf(server: AnyServer): LowLevelServer {
  const inner = 'server' in server ? server.server : server;
  if (typeof (inner as Partial<LowLevelServer>).connect === 'function') return inner;
  throw new TypeError('instrument needs an McpServer or a Server of the MCP SDK.');
}

/** The name that the server reports. */
export function reportedName(server: LowLevelServer): string | undefined {
  const name = jsonObjectOf(Reflect.get(server, IDENTITY))?.['name'];
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/** Whether an `McpServer` has this tool; a low-level server does not know. */
export function hasTool(server: AnyServer, tool: string): boolean {
  const tools = jsonObjectOf(Reflect.get(server, TOOLS));
  return tools !== undefined && Object.hasOwn(tools, tool);
}
