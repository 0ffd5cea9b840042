import { isJsonObject, type JsonObject } from '../facts/json-object.ts';
import { isLegacyRevision, LATEST_LEGACY_REVISION, MODERN_REVISION } from '../facts/revisions.ts';

/** How this program identifies itself to servers. */
export interface ClientName {
  readonly name: string;
  readonly version: string;
}

/** What both handshakes reveal about a server. */
export interface Handshake {
  readonly protocolVersion: string;
  readonly implementation: string;
  readonly version: string;
}

export type HandshakeReading =
  | { readonly ok: true; readonly handshake: Handshake }
  | { readonly ok: false; readonly reason: string };

export function initializeParams(client: ClientName): JsonObject {
  return { protocolVersion: LATEST_LEGACY_REVISION, capabilities: {}, clientInfo: client };
}

/** The `_meta` that every request of 2026-07-28 carries. */
export function modernMeta(client: ClientName): JsonObject {
  return {
    'io.modelcontextprotocol/protocolVersion': MODERN_REVISION,
    'io.modelcontextprotocol/clientInfo': client,
    'io.modelcontextprotocol/clientCapabilities': {},
  };
}

function readImplementation(value: unknown): Pick<Handshake, 'implementation' | 'version'> {
  const info = isJsonObject(value) ? value : {};
  const text = (key: string): string => (typeof info[key] === 'string' ? info[key] : '');
  return { implementation: text('name'), version: text('version') };
}

/** Reads the result of `initialize`: its shape, and a revision that we support. */
export function readInitializeResult(result: unknown): HandshakeReading {
  if (!isJsonObject(result)) return { ok: false, reason: 'its result is not an object' };
  const protocolVersion = result['protocolVersion'];
  if (typeof protocolVersion !== 'string')
    return { ok: false, reason: 'its result lacks protocolVersion' };
  if (!isLegacyRevision(protocolVersion)) {
    return {
      ok: false,
      reason: `it names protocol version ${quote(protocolVersion)}, which no revision with initialize has`,
    };
  }
  if (!isJsonObject(result['capabilities']))
    return { ok: false, reason: 'its result lacks capabilities' };
  const info = result['serverInfo'];
  if (!isJsonObject(info) || typeof info['name'] !== 'string')
    return { ok: false, reason: 'its result lacks serverInfo' };
  return { ok: true, handshake: { protocolVersion, ...readImplementation(info) } };
}

/** The versions of a DiscoverResult; undefined if the value is not one (2026-07-28, `server/discover`). */
export function discoveredVersions(result: unknown): readonly string[] | undefined {
  if (!isJsonObject(result) || !isJsonObject(result['capabilities'])) return undefined;
  const versions = result['supportedVersions'];
  if (!Array.isArray(versions)) return undefined;
  return versions.every((version) => typeof version === 'string') ? versions : undefined;
}

/** Reads a DiscoverResult that lists 2026-07-28; the server's name is optional in it. */
export function readDiscoverResult(result: unknown): HandshakeReading {
  const versions = discoveredVersions(result);
  if (versions === undefined || !isJsonObject(result))
    return { ok: false, reason: 'its result is no DiscoverResult' };
  if (!versions.includes(MODERN_REVISION))
    return { ok: false, reason: `its result does not list ${MODERN_REVISION}` };
  const meta = isJsonObject(result['_meta']) ? result['_meta'] : {};
  const info = meta['io.modelcontextprotocol/serverInfo'] ?? result['serverInfo'];
  return { ok: true, handshake: { protocolVersion: MODERN_REVISION, ...readImplementation(info) } };
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
