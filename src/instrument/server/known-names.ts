import type { Definition } from '../../facts/capability-snapshot.ts';
import { isJsonObject, type JsonObject } from '../../facts/json-object.ts';
import type { ListedDefinition } from '../../facts/rules/caller-mistake.ts';
import { inputShapeOf, promptShapeOf } from '../../facts/rules/input-shape.ts';
import type { ProvenNames } from '../../protocol/judge-answer.ts';

type Kind = 'tools' | 'prompts';

/** What is known of the tools and prompts of a server: from its answers to lists and calls. */
export interface KnownNames {
  /** Names that answered a call or were listed; see `judgeAnswer`. */
  readonly proven: ProvenNames;
  find(kind: Kind, name: string): ListedDefinition;
  isKnownTool(name: string): boolean;
  /** @param result of a request for a list */
  learn(kind: Kind, isFirstPage: boolean, result: JsonObject): void;
}

interface ListedNames {
  readonly definitions: Map<string, JsonObject>;
  /** Whether every page was seen: only then is another name unlisted. */
  isComplete: boolean;
}

/** Of each kind; servers list far fewer. */
const NAMES_MAX = 1_000;

export function createKnownNames(): KnownNames {
  const lists: Readonly<Record<Kind, ListedNames>> = {
    tools: { definitions: new Map(), isComplete: false },
    prompts: { definitions: new Map(), isComplete: false },
  };
  const proven: ProvenNames = new Set();
  return {
    proven,
    find(kind, name) {
      const { definitions, isComplete } = lists[kind];
      const definition = definitions.get(name);
      // The schema is looked at only now, when a call has failed.
      if (definition) return describe(kind, name, definition);
      return isComplete ? 'unlisted' : undefined;
    },
    isKnownTool: (name) => lists.tools.definitions.has(name) || proven.has(`tools ${name}`),
    learn(kind, isFirstPage, result) {
      const list = lists[kind];
      if (isFirstPage) list.definitions.clear();
      const definitions = result[kind];
      if (!Array.isArray(definitions)) return;
      for (const definition of definitions) note(list, definition);
      list.isComplete = result['nextCursor'] === undefined && list.definitions.size < NAMES_MAX;
    },
  };
}

function note({ definitions }: ListedNames, definition: unknown): void {
  if (!isJsonObject(definition) || definitions.size >= NAMES_MAX) return;
  const { name } = definition;
  if (typeof name === 'string') definitions.set(name, definition);
}

function describe(kind: Kind, name: string, definition: JsonObject): Definition {
  const input =
    kind === 'tools'
      ? inputShapeOf(definition['inputSchema'])
      : promptShapeOf(definition['arguments']);
  return { name, hash: '', description: '', ...(input && { input }) };
}
