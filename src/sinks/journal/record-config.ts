import type { ConfigReloaded } from '../../facts/config-facts.ts';
import type { Marker } from '../../facts/event-log.ts';
import type { Fact } from '../../facts/facts.ts';

/** Names that a marker lists. */
const NAMES_MAX = 20;

/** Turns a reload of the configuration, with the changes of servers before it, into a marker. */
export interface ConfigRecorder {
  /** @returns the marker that the fact completes */
  note(fact: Fact): Marker | undefined;
}

export function createConfigRecorder(): ConfigRecorder {
  let changes: string[] = [];
  let count = 0;

  function addChange(change: string): void {
    count += 1;
    if (changes.length < NAMES_MAX) changes.push(change);
  }

  function complete(fact: ConfigReloaded): Marker | undefined {
    const listed = [...changes, ...(count > NAMES_MAX ? [`${count - NAMES_MAX} more`] : [])];
    changes = [];
    count = 0;
    if (!fact.ok) return undefined;
    const isStart = fact.detail === 'start';
    const what = isStart ? 'The exporter started' : 'The configuration was reloaded';
    // At the start, every server is added.
    const rest = isStart || listed.length === 0 ? '' : `: ${listed.join(', ')}`;
    return { atMs: fact.atMs, kind: 'config', by: fact.detail, text: `${what}${rest}.` };
  }

  return {
    note(fact) {
      switch (fact.fact) {
        case 'server_added':
          addChange(`${fact.server.name} added`);
          return undefined;
        case 'server_removed':
          addChange(`${fact.server} removed`);
          return undefined;
        case 'server_changed':
          addChange(`${fact.server.name} changed (${fact.keys.join(', ')})`);
          return undefined;
        case 'reload':
          return complete(fact);
        default:
          return undefined;
      }
    },
  };
}
