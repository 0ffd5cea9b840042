import type { Fact } from './facts.ts';
import type { FactMask } from './mask-facts.ts';

export type FactListener = (fact: Fact) => void;

/**
 * Passes each fact to every listener, synchronously and in the order of subscription: sources publish, sinks subscribe.
 * A listener must not throw; if one does, the error is reported and the others still receive the fact.
 */
export interface Hub {
  publish(fact: Fact): void;
  /** @returns a function that ends the subscription */
  subscribe(listener: FactListener): () => void;
}

/** @param mask takes out what must not be kept or shown, before any listener gets the fact */
export function createHub(
  onListenerError: (error: unknown) => void,
  mask: FactMask = (fact) => fact,
): Hub {
  const listeners = new Set<FactListener>();
  return {
    publish(published) {
      const fact = mask(published);
      for (const listener of listeners) {
        try {
          listener(fact);
        } catch (error) {
          onListenerError(error);
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
