import type { Transport } from '../../facts/server.ts';

/** @returns how clients reach a server over this transport; one that is neither HTTP nor HTTP+SSE is a pipe */
export function transportKind(transport: object): Transport {
  if ('handlePostMessage' in transport) return 'sse';
  // `handleMessage` is that of the transport which SDK v2 makes for each request of revision 2026-07-28.
  return 'handleRequest' in transport || 'handleMessage' in transport ? 'http' : 'stdio';
}
