import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import type { Metric } from '../../metrics/metric.ts';
import type { ExpositionFormat } from './negotiate-format.ts';
import { writeHeader, writeSamples } from './write-family.ts';

/**
 * Writes the page registry by registry and gives the event loop a turn after each of them, so that a page of any length
 * never blocks for longer than one registry takes. Each registry holds whole servers and is read at one instant:
 * nothing else runs between the turn and the last of its values, hence the series of one server always agree.
 */
export async function renderPage(
  catalog: readonly Metric[],
  registries: readonly Registry[],
  format: ExpositionFormat,
): Promise<string> {
  const chunks = new Map(catalog.map((metric) => [metric.name, [writeHeader(metric, format)]]));
  for (const registry of registries) {
    await nextTurn();
    for (const { name, values } of await registry.getMetricsAsJSON()) {
      if (values.length > 0) chunks.get(name)?.push(writeSamples(name, values));
    }
  }
  await nextTurn();
  const end = format === 'openmetrics' ? '# EOF\n' : '';
  return [...chunks.values()].flat().join('') + end;
}
