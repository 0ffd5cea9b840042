import type { Hub } from '../facts/hub.ts';
import type { MarkerStore } from '../facts/ports/views.ts';

/** Saves markers, and then publishes them, so that graphs have them too. */
export function createMarkers(store: MarkerStore, publish: Hub['publish']): MarkerStore {
  return {
    async saveMarker(marker) {
      const id = await store.saveMarker(marker);
      publish({ fact: 'marker', marker });
      return id;
    },
  };
}
