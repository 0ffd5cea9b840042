import type { Era } from './server.ts';

export interface Revision {
  readonly era: Era;
  /** Whether requests after the handshake carry `MCP-Protocol-Version` (since 2025-06-18). */
  readonly hasVersionHeader: boolean;
}

/** Every published revision of the protocol, oldest first. */
export const REVISIONS: ReadonlyMap<string, Revision> = new Map<string, Revision>([
  ['2024-10-07', { era: 'legacy', hasVersionHeader: false }],
  ['2024-11-05', { era: 'legacy', hasVersionHeader: false }],
  ['2025-03-26', { era: 'legacy', hasVersionHeader: false }],
  ['2025-06-18', { era: 'legacy', hasVersionHeader: true }],
  ['2025-11-25', { era: 'legacy', hasVersionHeader: true }],
  ['2026-07-28', { era: 'modern', hasVersionHeader: true }],
]);

/** The revision that `initialize` offers. */
export const LATEST_LEGACY_REVISION = '2025-11-25';
/** The revision that `server/discover` asks for. */
export const MODERN_REVISION = '2026-07-28';

export function isLegacyRevision(version: string): boolean {
  return REVISIONS.get(version)?.era === 'legacy';
}
