import { findServerChanges, type ServerChange } from '../../facts/rules/server-changes.ts';
import type { ServerSpec } from '../../facts/server.ts';

/** The difference between two lists of servers, by name. */
export interface ServerDiff {
  /** All names of the new list, in its order. */
  readonly order: readonly string[];
  /** In both lists, as the new one defines them. Without changes they may still be defined elsewhere. */
  readonly kept: readonly KeptServer[];
  /** Servers whose name is new. */
  readonly added: readonly ServerSpec[];
  /** Names that were removed. */
  readonly removed: readonly string[];
}

export interface KeptServer {
  readonly spec: ServerSpec;
  readonly changes: readonly ServerChange[];
}

/** If a list has a name twice, the last one counts. */
export function diffServers(
  current: ReadonlyMap<string, ServerSpec>,
  next: readonly ServerSpec[],
): ServerDiff {
  const specs = new Map(next.map((spec) => [spec.name, spec]));
  const kept: KeptServer[] = [];
  const added: ServerSpec[] = [];
  for (const spec of specs.values()) {
    const before = current.get(spec.name);
    if (before) kept.push({ spec, changes: findServerChanges(before, spec) });
    else added.push(spec);
  }
  const removed = [...current.keys()].filter((name) => !specs.has(name));
  return { order: [...specs.keys()], kept, added, removed };
}
