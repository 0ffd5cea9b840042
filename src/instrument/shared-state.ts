import { AsyncLocalStorage } from 'node:async_hooks';
import type { CallContext } from './context/call-context.ts';
import { createRegistry, type OwnRegistry } from './metrics/create-registry.ts';
import type { MetricRegistry } from './metrics/metric-registry.ts';

/** What all users of the library in a process share, whether they loaded its ESM or its CommonJS build. */
export interface SharedState {
  /** Where metrics go if the options name no registry. */
  readonly registry: OwnRegistry;
  readonly contexts: AsyncLocalStorage<CallContext>;
  /** What belongs to a registry, such as the values of its labels. */
  readonly parts: WeakMap<MetricRegistry, Map<string, unknown>>;
}

const KEY = Symbol.for('mcp-exporter.instrument.state');

export function sharedState(): SharedState {
  const holder = globalThis as { [KEY]?: SharedState };
  return (holder[KEY] ??= {
    registry: createRegistry(),
    contexts: new AsyncLocalStorage(),
    parts: new WeakMap(),
  });
}

/** @returns the part of `registry` with this key, made at the first call */
export function partOf<Part>(registry: MetricRegistry, key: string, create: () => Part): Part {
  const { parts } = sharedState();
  let ofRegistry = parts.get(registry);
  if (!ofRegistry) {
    ofRegistry = new Map();
    parts.set(registry, ofRegistry);
  }
  if (!ofRegistry.has(key)) ofRegistry.set(key, create());
  return ofRegistry.get(key) as Part;
}
