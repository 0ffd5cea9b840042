import { isJsonObject, type JsonObject } from '../../../src/facts/json-object.ts';
import type { ServerEra } from './odd-server.ts';

const MODERN = '2026-07-28';
const SERVER_INFO = { name: 'odd-server', version: '1.0.0' };

export const TOOLS: readonly JsonObject[] = [
  { name: 'echo', description: 'Returns its input', inputSchema: { type: 'object' } },
  { name: 'add', description: 'Adds two numbers', inputSchema: { type: 'object' } },
];

export const MODERN_RESULT = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' } as const;

export function isModernRequest(message: JsonObject): boolean {
  const params = isJsonObject(message['params']) ? message['params'] : {};
  const meta = isJsonObject(params['_meta']) ? params['_meta'] : {};
  return meta['io.modelcontextprotocol/protocolVersion'] === MODERN;
}

export function without(object: JsonObject, key: string): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
}

export function resultOf(id: unknown, result: unknown): JsonObject {
  return { jsonrpc: '2.0', id, result };
}

export function errorOf(id: unknown, code: number, message: string, data?: unknown): JsonObject {
  return { jsonrpc: '2.0', id, error: { code, message, ...(data !== undefined && { data }) } };
}

/** What a server without any oddness replies to a request. */
export function usualReply(
  message: JsonObject,
  era: ServerEra,
  revision = '2025-11-25',
): JsonObject {
  const id = message['id'];
  if (era !== 'sessions' && isModernRequest(message)) return modernReply(message);
  switch (message['method']) {
    case 'initialize':
      return era === 'stateless'
        ? errorOf(id, -32022, 'Unsupported protocol version', { supported: [MODERN] })
        : resultOf(id, {
            protocolVersion: revision,
            capabilities: { tools: {} },
            serverInfo: SERVER_INFO,
          });
    case 'ping':
      return resultOf(id, {});
    case 'tools/list':
      return resultOf(id, { tools: TOOLS });
    default:
      return errorOf(id, -32601, 'Method not found');
  }
}

function modernReply(message: JsonObject): JsonObject {
  const id = message['id'];
  switch (message['method']) {
    case 'server/discover':
      return resultOf(id, {
        ...MODERN_RESULT,
        supportedVersions: [MODERN],
        capabilities: { tools: {} },
        _meta: { 'io.modelcontextprotocol/serverInfo': SERVER_INFO },
      });
    case 'tools/list':
      return resultOf(id, { ...MODERN_RESULT, tools: TOOLS });
    default:
      return errorOf(id, -32601, 'Method not found');
  }
}
