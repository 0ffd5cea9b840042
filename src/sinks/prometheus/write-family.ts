import type { Metric } from '../../catalog/metric.ts';
import type { ExpositionFormat } from './negotiate-format.ts';

/** A value as the Prometheus client gives it; `metricName` is set for the parts of a histogram. */
export interface Sample {
  readonly labels: Readonly<Partial<Record<string, string | number>>>;
  readonly value: number;
  readonly metricName?: string;
  /** A trace that is an example for a bucket. */
  readonly exemplar?: {
    readonly labelSet: Readonly<Partial<Record<string, string | number>>>;
    readonly value: number;
    /** Unix time in seconds. */
    readonly timestamp?: number;
  } | null;
}

/** The `HELP` and `TYPE` lines. OpenMetrics names a counter's family without `_total`. */
export function writeHeader(metric: Metric, format: ExpositionFormat): string {
  const isOpenMetrics = format === 'openmetrics';
  const family =
    isOpenMetrics && metric.kind === 'counter' ? metric.name.replace(/_total$/, '') : metric.name;
  const help = isOpenMetrics ? escapeLabelValue(metric.help) : escapeHelp(metric.help);
  return `# HELP ${family} ${help}\n# TYPE ${family} ${metric.kind}\n`;
}

/** One line for each sample; the lines are the same in both formats, but for exemplars, which only OpenMetrics knows. */
export function writeSamples(
  name: string,
  samples: readonly Sample[],
  format: ExpositionFormat,
): string {
  const isOpenMetrics = format === 'openmetrics';
  const lines: string[] = [];
  for (const { labels, value, metricName, exemplar } of samples) {
    const text = writeLabels(labels);
    const example = isOpenMetrics && exemplar ? writeExemplar(exemplar) : '';
    lines.push(
      `${metricName ?? name}${text === '' ? '' : `{${text}}`} ${writeNumber(value)}${example}\n`,
    );
  }
  return lines.join('');
}

function writeExemplar({ labelSet, value, timestamp }: NonNullable<Sample['exemplar']>): string {
  const at = timestamp === undefined ? '' : ` ${timestamp.toFixed(3)}`;
  return ` # {${writeLabels(labelSet)}} ${writeNumber(value)}${at}`;
}

function writeLabels(labels: Sample['labels']): string {
  let text = '';
  for (const label in labels) {
    const value = labels[label];
    if (value === undefined) continue;
    text += `${text === '' ? '' : ','}${label}="${writeLabelValue(value)}"`;
  }
  return text;
}

/**
 * Numbers occur as `le` only. They are always written as floats: OpenMetrics demands `1.0`, Prometheus 3 makes `1.0` of `1`,
 * and Prometheus 2 keeps what it reads, so this is the one spelling that is the same series everywhere.
 */
function writeLabelValue(value: string | number): string {
  if (typeof value === 'string') return escapeLabelValue(value);
  return Number.isInteger(value) ? `${value}.0` : `${value}`;
}

function writeNumber(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return `${value}`;
}

function escapeLabelValue(value: string): string {
  // Testing first: nearly no value needs the three passes, and a page has many thousands of them.
  if (!/[\\"\n]/.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function escapeHelp(help: string): string {
  return help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
