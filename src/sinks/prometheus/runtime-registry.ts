import { collectDefaultMetrics, Registry } from 'prom-client';
import { nodeGcDuration, RUNTIME_METRICS } from '../../catalog/runtime.ts';

const NEVER_MS = 2 ** 31 - 1;

/**
 * The client's metrics of the Node.js process, cut down to the catalog. The client cannot stop collecting them again:
 * make one registry per process.
 */
export function createRuntimeRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({
    register: registry,
    gcDurationBuckets: [...(nodeGcDuration.buckets ?? [])],
    // These two metrics are not in the catalog; left alone they would be sampled ten times a second.
    eventLoopUtilizationTimeout: NEVER_MS,
  });
  const known = new Set<string>(RUNTIME_METRICS.map(({ name }) => name));
  for (const { name } of registry.getMetricsAsArray()) {
    if (!known.has(name)) registry.removeSingleMetric(name);
  }
  return registry;
}
