import type { Fact } from '../../src/facts/facts.ts';
import type { Hub } from '../../src/facts/hub.ts';

type FactOf<Kind extends Fact['fact']> = Extract<Fact, { readonly fact: Kind }>;

export interface RecordingSink {
  readonly facts: readonly Fact[];
  of<Kind extends Fact['fact']>(kind: Kind): FactOf<Kind>[];
  clear(): void;
}

/** Keeps every fact of a hub, in order. */
export function createRecordingSink(hub: Hub): RecordingSink {
  const facts: Fact[] = [];
  hub.subscribe((fact) => facts.push(fact));
  return {
    facts,
    of<Kind extends Fact['fact']>(kind: Kind) {
      return facts.filter((fact): fact is FactOf<Kind> => fact.fact === kind);
    },
    clear: () => facts.splice(0),
  };
}
