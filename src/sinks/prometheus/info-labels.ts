import { serverInfo } from '../../catalog/server.ts';
import type { ServerSpec } from '../../facts/server.ts';
import type { SampleLabelling } from './render-page.ts';

/** The labels that the configuration gives servers, for `mcp_server_info`. */
export interface InfoLabels {
  set(server: Pick<ServerSpec, 'name' | 'labels'>): void;
  remove(name: string): void;
  /** All servers get the same names, as the labels of one family should be: empty where a server has no such label. */
  labelling(): SampleLabelling;
}

/**
 * The Prometheus client wants the names of labels when a family is made, but a reload may change these: they are added when the
 * page is written.
 */
export function createInfoLabels(): InfoLabels {
  const labelsOf = new Map<string, ServerSpec['labels']>();
  return {
    set: ({ name, labels }) => void labelsOf.set(name, labels),
    remove: (name) => void labelsOf.delete(name),
    labelling() {
      const names = new Set<string>();
      for (const labels of labelsOf.values()) for (const name in labels) names.add(name);
      const none = Object.fromEntries([...names].toSorted().map((name) => [name, '']));
      return (family, samples) =>
        family === serverInfo.name && names.size > 0
          ? samples.map((sample) => ({
              ...sample,
              labels: { ...sample.labels, ...none, ...labelsOf.get(`${sample.labels['server']}`) },
            }))
          : samples;
    },
  };
}
