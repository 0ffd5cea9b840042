import { isSameServer } from '../../facts/rules/is-same-server.ts';
import type { ServerSpec } from '../../facts/server.ts';

/** The difference between two lists of servers, by name. */
export interface ServerDiff {
  /** All names of the new list, in its order. */
  readonly order: readonly string[];
  /** Watched as before; as the new list defines them. */
  readonly kept: readonly ServerSpec[];
  /** Servers whose name is new. */
  readonly added: readonly ServerSpec[];
  /** Servers that are watched differently from before; as the new list defines them. */
  readonly replaced: readonly ServerSpec[];
  /** Names that were removed. */
  readonly removed: readonly string[];
}

/** If a list has a name twice, the last one counts. */
export function diffServers(
  current: ReadonlyMap<string, ServerSpec>,
  next: readonly ServerSpec[],
): ServerDiff {
  const specs = new Map(next.map((spec) => [spec.name, spec]));
  const kept: ServerSpec[] = [];
  const added: ServerSpec[] = [];
  const replaced: ServerSpec[] = [];
  for (const spec of specs.values()) {
    const before = current.get(spec.name);
    if (!before) added.push(spec);
    else if (isSameServer(spec, before)) kept.push(spec);
    else replaced.push(spec);
  }
  const removed = [...current.keys()].filter((name) => !specs.has(name));
  return { order: [...specs.keys()], kept, added, replaced, removed };
}
