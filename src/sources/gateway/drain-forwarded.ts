import type { PendingMap } from '../../protocol/pending-map.ts';

export interface Drainable {
  readonly isStream: boolean;
  cut(): void;
}

const LOOK_MS = 20;

/** Cuts streams at once, lets the rest end, and cuts what is left when the signal aborts. */
export async function drainForwarded(
  forwarded: Pick<PendingMap<Drainable, Drainable>, 'size' | 'values'>,
  signal: AbortSignal,
): Promise<void> {
  for (const passage of [...forwarded.values()]) if (passage.isStream) passage.cut();
  while (forwarded.size > 0 && !signal.aborted)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  for (const passage of [...forwarded.values()]) passage.cut();
}
