import type { Fact } from '../../facts/facts.ts';
import type { ServerSpec } from '../../facts/server.ts';
import { escapeControls } from './control-characters.ts';

/** The labels that the configuration gives servers, for the lines about them. */
export interface ServerLabels {
  /** Reads them from the facts about servers that come and change. */
  note(fact: Fact): void;
  /** `undefined` for a server without any. */
  find(server: unknown): ServerSpec['labels'] | undefined;
  /** The same as a field of a line, with a comma before it; empty for a server without any. */
  text(server: string): string;
}

export function createServerLabels(): ServerLabels {
  const known = new Map<
    unknown,
    { readonly labels: ServerSpec['labels']; readonly text: string }
  >();
  return {
    note(fact) {
      if (fact.fact === 'server_removed') known.delete(fact.server);
      if (fact.fact !== 'server_added' && fact.fact !== 'server_changed') return;
      const { name, labels } = fact.server;
      if (Object.keys(labels).length === 0) known.delete(name);
      else known.set(name, { labels, text: `,"labels":${escapeControls(JSON.stringify(labels))}` });
    },
    find: (server) => known.get(server)?.labels,
    text: (server) => known.get(server)?.text ?? '',
  };
}
