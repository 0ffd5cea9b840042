import type { CallRecord } from '../../facts/call-record.ts';
import type { CapabilitySnapshot } from '../../facts/capability-snapshot.ts';
import { createLabelBound, OVERFLOW_LABEL } from '../../facts/rules/label-bound.ts';

/** Tools that get series of their own, for a server: the latency alone is 17 lines for each. */
const TOOLS_MAX = 200;
/** Names kept from what clients were offered; beyond that, only the snapshot counts. */
const LISTED_MAX = 1_000;
/** Longer names, which are too long for a label, are kept by their beginning. */
const LISTED_CHARS_MAX = 128;

export interface ToolNamer {
  /** The `tool` label: a tool that the server lists, `_OTHER`, or empty for what is no call of a tool. */
  label(call: CallRecord): string;
  learn(snapshot: CapabilitySnapshot): void;
  /** Names in an answer to a client's `tools/list`, or in a page of it. */
  learnListed(names: readonly string[]): void;
}

export interface ToolNamerOptions {
  readonly onFolded: () => void;
  /** A client called a tool that the server does not list. */
  readonly onUnknown: () => void;
}

/**
 * Names that only clients send are not used as labels: a tool is `_OTHER` until the server has listed it, to our checks or to
 * a client. What clients were offered is kept as long as the server is configured, since clients go on calling it.
 */
export function createToolNamer({ onFolded, onUnknown }: ToolNamerOptions): ToolNamer {
  const bound = createLabelBound({ valuesMax: TOOLS_MAX });
  const listed = new Set<string>();
  let checked: ReadonlySet<string> | undefined;
  return {
    label(call) {
      if (call.operation !== 'tools/call') return '';
      const name = call.target ?? '';
      const isKnown = checked?.has(name) === true || listed.has(shortened(name));
      if (!isKnown && checked && listed.size < LISTED_MAX) onUnknown();
      const label = isKnown ? bound.fold(name) : OVERFLOW_LABEL;
      if (label === OVERFLOW_LABEL) onFolded();
      return label;
    },
    learn(snapshot) {
      const definitions = snapshot.lists.tools?.definitions ?? [];
      // A server that lists nothing to our checks may list more to clients with other credentials.
      checked = definitions.length === 0 ? undefined : new Set(definitions.map(({ name }) => name));
    },
    learnListed(names) {
      for (const name of names) if (listed.size < LISTED_MAX) listed.add(shortened(name));
    },
  };
}

function shortened(name: string): string {
  return name.length <= LISTED_CHARS_MAX ? name : name.slice(0, LISTED_CHARS_MAX);
}
