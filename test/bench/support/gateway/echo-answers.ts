/**
 * What the MCP servers of the gateway's benchmarks answer, over HTTP and over stdio alike. No SDK: as little work per call
 * as possible, so that what is measured is the proxy in front.
 */

export type EchoEra = 'legacy' | 'modern';

export interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: {
    readonly name?: string;
    readonly arguments?: Readonly<Record<string, unknown>>;
  };
}

const SERVER_INFO = { name: 'bench', version: '1.0.0' };
const LEGACY_REVISION = '2025-11-25';
export const MODERN_REVISION = '2026-07-28';
const CAPABILITIES = { tools: {} };

/** `_sse` tools answer with a stream over HTTP, the others with JSON. */
const TOOLS = ['echo', 'echo_sse', 'blob', 'blob_sse', 'ticks'].map((name) => ({
  name,
  description: 'For benchmarks',
  inputSchema: { type: 'object' },
}));

const LINE =
  'A line of a result, "quoted" \\ and a little longer – with more than ASCII: ü € 漢.\n';
const blobs = new Map<number, string>();

/** A text result of about this size as JSON, made once. */
function blobOf(bytes: number): string {
  const known = blobs.get(bytes);
  if (known !== undefined) return known;
  const lineBytes = Buffer.byteLength(JSON.stringify(LINE).slice(1, -1));
  const blob = resultText(LINE.repeat(Math.ceil(bytes / lineBytes)));
  blobs.set(bytes, blob);
  return blob;
}

function resultText(text: string): string {
  return JSON.stringify({ content: [{ type: 'text', text }] });
}

/** The answer to one request as JSON text. */
export function answerTo(message: Message, era: EchoEra): string {
  const id = JSON.stringify(message.id);
  const result = resultOf(message, era);
  return result === undefined
    ? `{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"Method not found"}}`
    : `{"jsonrpc":"2.0","id":${id},"result":${result}}`;
}

function resultOf({ method, params }: Message, era: EchoEra): string | undefined {
  switch (method) {
    case 'tools/call':
      return callOf(params);
    case 'initialize':
      return era === 'modern'
        ? undefined
        : JSON.stringify({
            protocolVersion: LEGACY_REVISION,
            capabilities: CAPABILITIES,
            serverInfo: SERVER_INFO,
          });
    case 'server/discover':
      return era === 'legacy'
        ? undefined
        : JSON.stringify({
            resultType: 'complete',
            ttlMs: 60_000,
            cacheScope: 'private',
            supportedVersions: [MODERN_REVISION],
            capabilities: CAPABILITIES,
            _meta: { 'io.modelcontextprotocol/serverInfo': SERVER_INFO },
          });
    case 'tools/list':
      return JSON.stringify({
        ...(era === 'modern' && { resultType: 'complete', ttlMs: 60_000, cacheScope: 'private' }),
        tools: TOOLS,
      });
    case 'ping':
      return '{}';
    default:
      return undefined;
  }
}

function callOf(params: Message['params']): string {
  const bytes = params?.arguments?.['bytes'];
  return typeof bytes === 'number'
    ? blobOf(bytes)
    : resultText(`Echo: ${String(params?.arguments?.['message'])}`);
}
