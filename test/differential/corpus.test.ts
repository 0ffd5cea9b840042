import { expect, test } from 'vitest';
import { CORPUS } from './corpus/corpus.ts';
import { EXPECTED_DIFFERENCES } from './expected-differences.ts';

const NAMES = CORPUS.map(({ name }) => name);

test('the corpus has many servers of each transport and era, each with a name of its own', () => {
  expect(new Set(NAMES).size).toBe(NAMES.length);
  for (const transport of ['http', 'sse', 'stdio'])
    for (const era of ['sessions', 'stateless', 'both']) {
      const servers = CORPUS.filter((odd) => odd.transport === transport && odd.era === era);
      expect({ transport, era, count: servers.length > 1 }).toEqual({
        transport,
        era,
        count: true,
      });
    }
  expect(NAMES.length).toBeGreaterThan(200);
});

test('each expected difference has a reason, names servers of the corpus, and names them once', () => {
  for (const column of ['prober', 'gateway'] as const) {
    const groups = EXPECTED_DIFFERENCES.filter((group) => group.column === column);
    const servers = groups.flatMap((group) => group.servers);
    expect(servers.filter((server) => !NAMES.includes(server))).toEqual([]);
    expect(new Set(servers).size).toBe(servers.length);
    expect(groups.every(({ reason }) => reason.length > 20)).toBe(true);
  }
});
