import type { CallRecord } from '../../facts/call-record.ts';
import type { CapabilitySnapshot } from '../../facts/capability-snapshot.ts';
import { createLabelBound, OVERFLOW_LABEL } from '../../facts/rules/label-bound.ts';

/** Tools that get series of their own, for a server: the latency alone is 17 lines for each. */
const TOOLS_MAX = 200;

export interface ToolNamer {
  /** The `tool` label: a tool that the snapshot has, `_OTHER`, or empty for what is no call of a tool. */
  label(call: CallRecord): string;
  learn(snapshot: CapabilitySnapshot): void;
}

export interface ToolNamerOptions {
  readonly onFolded: () => void;
  /** A client called a tool that the snapshot does not have. */
  readonly onUnknown: () => void;
}

/** Before the first snapshot every tool is `_OTHER`: names that clients send are not used as labels. */
export function createToolNamer({ onFolded, onUnknown }: ToolNamerOptions): ToolNamer {
  const bound = createLabelBound({ valuesMax: TOOLS_MAX });
  let tools: ReadonlySet<string> | undefined;
  return {
    label(call) {
      if (call.operation !== 'tools/call') return '';
      const name = call.target ?? '';
      const isKnown = tools?.has(name) === true;
      if (tools && !isKnown) onUnknown();
      const label = isKnown ? bound.fold(name) : OVERFLOW_LABEL;
      if (label === OVERFLOW_LABEL) onFolded();
      return label;
    },
    learn(snapshot) {
      tools = new Set(snapshot.lists.tools?.definitions.map(({ name }) => name));
    },
  };
}
