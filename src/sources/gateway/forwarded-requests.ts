import { resultUnlessAborted } from '../../facts/deadline.ts';
import { createPendingMap } from '../../protocol/pending-map.ts';

/** A request under way to an upstream. */
export interface Cuttable {
  /** Long-lived by nature: nobody waits for its end. */
  readonly isStream: boolean;
  cut(): void;
}

/** The requests that one upstream has to answer. */
export class ForwardedRequests {
  readonly #requests = createPendingMap<Cuttable, Cuttable>();
  #drained: PromiseWithResolvers<void> | undefined;

  add(request: Cuttable): void {
    this.#requests.set(request, request);
  }

  delete(request: Cuttable): void {
    this.#requests.delete(request);
    if (this.#requests.size === 0) this.#drained?.resolve();
  }

  countStreams(): number {
    let streams = 0;
    for (const request of this.#requests.values()) if (request.isStream) streams++;
    return streams;
  }

  /** Cuts streams at once, lets the rest end, and cuts what is left when the signal aborts. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#drained = Promise.withResolvers<void>();
    for (const request of [...this.#requests.values()]) if (request.isStream) request.cut();
    if (this.#requests.size > 0) await resultUnlessAborted(this.#drained.promise, signal);
    for (const request of [...this.#requests.values()]) request.cut();
  }
}
