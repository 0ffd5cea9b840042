import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import type { Metric } from '../../catalog/metric.ts';
import type { ExpositionFormat } from './negotiate-format.ts';
import { type Sample, writeHeader, writeSamples } from './write-family.ts';

export interface PageSource {
  readonly registry: Registry;
  /** Called right before the registry is read. */
  readonly beforeRead?: () => void;
}

/** Adds labels to the samples of a family just before they are written. */
export type SampleLabelling = (name: string, samples: readonly Sample[]) => readonly Sample[];

/**
 * Writes the page registry by registry and gives the event loop a turn after each of them, so that a page of any length
 * never blocks for longer than one registry takes. Each registry holds whole servers and is read at one instant:
 * nothing else runs between the turn and the last of its values, hence the series of one server always agree.
 */
export async function renderPage(
  catalog: readonly Metric[],
  sources: readonly PageSource[],
  format: ExpositionFormat,
  label: SampleLabelling = (_name, samples) => samples,
): Promise<string> {
  const chunks = new Map(catalog.map((metric) => [metric.name, [writeHeader(metric, format)]]));
  for (const { registry, beforeRead } of sources) {
    await nextTurn();
    beforeRead?.();
    for (const { name, values } of await registry.getMetricsAsJSON()) {
      if (values.length > 0)
        chunks.get(name)?.push(writeSamples(name, label(name, values), format));
    }
  }
  await nextTurn();
  const end = format === 'openmetrics' ? '# EOF\n' : '';
  return [...chunks.values()].flat().join('') + end;
}
