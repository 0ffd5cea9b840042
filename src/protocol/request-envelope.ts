import type { MessageFacts } from './message-facts.ts';
import type { RefusalName } from '../facts/refusal.ts';

const PROTOCOL_VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';
const CLIENT_CAPABILITIES_KEY = 'io.modelcontextprotocol/clientCapabilities';
/** Methods whose `Mcp-Name` header repeats a name or URI of the body (SEP-2243). */
const NAMED_METHODS = ['tools/call', 'prompts/get', 'resources/read'];
const ENCODED = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/;

/** The headers of revision 2026-07-28 that repeat values of the body. */
export interface EnvelopeHeaders {
  readonly protocolVersion: string | undefined;
  readonly method: string | undefined;
  readonly name: string | undefined;
}

export interface EnvelopeFault {
  readonly refusal: Extract<RefusalName, 'invalid_envelope' | 'header_mismatch'>;
  readonly detail: string;
}

/** Whether a request declares that it belongs to the era without sessions. */
export function hasEnvelope(facts: MessageFacts): boolean {
  return facts.meta?.[PROTOCOL_VERSION_KEY] !== undefined;
}

/**
 * What an endpoint of revision 2026-07-28 must refuse before it looks at the method: every request carries its revision
 * and capabilities, and the headers must not say anything else than the body.
 */
export function findEnvelopeFault(
  facts: MessageFacts,
  headers: EnvelopeHeaders,
): EnvelopeFault | undefined {
  const version = facts.meta?.[PROTOCOL_VERSION_KEY];
  if (typeof version !== 'string') return invalid(PROTOCOL_VERSION_KEY);
  if (!isBag(facts.meta?.[CLIENT_CAPABILITIES_KEY])) return invalid(CLIENT_CAPABILITIES_KEY);
  if (headers.protocolVersion !== version) return mismatch('MCP-Protocol-Version');
  if (headers.method !== facts.method) return mismatch('Mcp-Method');
  const isNamed = facts.target !== undefined && NAMED_METHODS.includes(facts.method ?? '');
  if (isNamed && decode(headers.name) !== facts.target) return mismatch('Mcp-Name');
  return undefined;
}

function invalid(key: string): EnvelopeFault {
  return { refusal: 'invalid_envelope', detail: `params._meta lacks ${key}` };
}

function mismatch(header: string): EnvelopeFault {
  return { refusal: 'header_mismatch', detail: `${header} is missing or differs from the body` };
}

/** Names that are not plain ASCII are Base64 of UTF-8. */
function decode(name: string | undefined): string | undefined {
  const encoded = name === undefined ? null : ENCODED.exec(name);
  if (!encoded) return name;
  try {
    const bytes = Uint8Array.from(atob(encoded[1] ?? ''), (char) => char.charCodeAt(0));
    return new TextDecoder().decode(bytes);
  } catch {
    return undefined;
  }
}

function isBag(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
