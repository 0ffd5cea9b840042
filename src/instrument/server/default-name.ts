import type { MetricRegistry } from '../metrics/metric-registry.ts';
import { partOf } from '../shared-state.ts';

const UNNAMED = 'default';

function nameOf(registry: MetricRegistry): { value: string | undefined } {
  return partOf(registry, 'default name', () => ({ value: undefined }));
}

/** The name of the first server that was instrumented with this registry. */
export function defaultServerName(registry: MetricRegistry): string {
  return nameOf(registry).value ?? UNNAMED;
}

export function noteServerName(registry: MetricRegistry, name: string): void {
  nameOf(registry).value ??= name;
}
