import type { Preferred } from './dashboard-scope.ts';

/** A page about one server is looked at for a slow one, a child process, one that died, and one that fails. */
export const PAGE_SCOPES: readonly Preferred[] = ['search', 'files', 'weather', 'tickets'].map(
  (server) => ({ server, operation: 'tools/call' }),
);
