import { expect, test } from 'vitest';
import { createMarkers } from '../../../src/app/create-markers.ts';
import type { Fact } from '../../../src/facts/facts.ts';
import type { Marker } from '../../../src/facts/event-log.ts';
import { asEpochMs } from '../../../src/facts/time.ts';

const MARKER: Marker = { kind: 'deploy', atMs: asEpochMs(1), text: 'files 2.1', by: 'ci' };

test('a marker is published once it is saved', async () => {
  const facts: Fact[] = [];
  const store = {
    async saveMarker() {
      expect(facts).toEqual([]);
      return 7;
    },
  };
  const markers = createMarkers(store, (fact) => void facts.push(fact));
  expect(await markers.saveMarker(MARKER)).toBe(7);
  expect(facts).toEqual([{ fact: 'marker', marker: MARKER }]);
});

test('a marker that is not saved is not published', async () => {
  const facts: Fact[] = [];
  const store = { saveMarker: () => Promise.reject(new Error('full')) };
  const markers = createMarkers(store, (fact) => void facts.push(fact));
  await expect(markers.saveMarker(MARKER)).rejects.toThrow('full');
  expect(facts).toEqual([]);
});
