import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Labels, Series } from './series.ts';
import { timeAt, type Timeline } from './timeline.ts';

const CHUNK_CHARS = 1 << 20;

/** Series over one timeline. */
export interface SeriesSet {
  readonly timeline: Timeline;
  readonly series: readonly Series[];
}

/**
 * Writes what lies from `fromSeconds` on, before `toSeconds`, as OpenMetrics text for promtool.
 * @returns number of samples
 */
export async function writeOpenMetrics(
  path: string,
  sets: readonly SeriesSet[],
  fromSeconds: number,
  toSeconds: number,
): Promise<number> {
  const file = createWriteStream(path);
  let text = '';
  let samples = 0;
  for (const { timeline, series } of sets) {
    const { startSeconds, stepSeconds, length } = timeline;
    const first = Math.max(0, Math.ceil((fromSeconds - startSeconds) / stepSeconds));
    const end = Math.min(length, Math.ceil((toSeconds - startSeconds) / stepSeconds));
    for (const { name, labels, values } of series) {
      const id = `${name}${labelText(labels)}`;
      // Of counters, differences are read.
      const isExact = name.endsWith('_total');
      for (let index = first; index < end; index += 1) {
        const value = values[index] ?? NaN;
        if (Number.isNaN(value)) continue;
        text += `${id} ${isExact ? value : shorten(value)} ${timeAt(timeline, index)}\n`;
        samples += 1;
      }
      if (text.length < CHUNK_CHARS) continue;
      if (!file.write(text)) await once(file, 'drain');
      text = '';
    }
  }
  file.end(`${text}# EOF\n`);
  await once(file, 'close');
  return samples;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** Synthetic values do not need sixteen digits: with fewer bits, Prometheus stores them in a third of the space. */
function shorten(value: number): number {
  if (Number.isInteger(value)) return value;
  float[0] = value;
  bits[0] = ((bits[0] ?? 0) + 0x200) & 0xffff_fc00;
  return float[0];
}
