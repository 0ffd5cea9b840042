import type { ServerSpec } from '../server.ts';
import { findServerChanges } from './server-changes.ts';

/** Whether two specifications mean the same server monitored in the same way. What the gateway does with it does not matter. */
export function isSameServer(a: ServerSpec, b: ServerSpec): boolean {
  return (
    a.name === b.name && findServerChanges(a, b).every(({ key }) => key.startsWith('gateway.'))
  );
}

/** Whether the gateway treats both in the same way, too. */
export function isSameEntry(a: ServerSpec, b: ServerSpec): boolean {
  return a.name === b.name && findServerChanges(a, b).length === 0;
}
