import type { CollectedMetric, MetricRegistry, PageSample } from './metric-registry.ts';

/** A registry of the library's own. */
export interface OwnRegistry extends MetricRegistry {
  /** @param isOpenMetrics else the page is text 0.0.4 */
  render(isOpenMetrics: boolean): Promise<string>;
}

interface Collected {
  readonly name: string;
  get(): Promise<CollectedMetric>;
}

export const TEXT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
export const OPENMETRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** Makes a registry for servers that use no client library of Prometheus. */
export function createRegistry(): OwnRegistry {
  const metrics = new Map<string, Collected>();

  async function render(isOpenMetrics: boolean): Promise<string> {
    const collected = await Promise.all([...metrics.values()].map((metric) => metric.get()));
    const pages = collected.map((metric) => renderMetric(metric, isOpenMetrics));
    return `${pages.join('')}${isOpenMetrics ? '# EOF\n' : ''}`;
  }

  return {
    registerMetric(metric: Collected) {
      if (metrics.has(metric.name)) throw new Error(`The metric ${metric.name} exists already.`);
      metrics.set(metric.name, metric);
    },
    getSingleMetric: (name) => metrics.get(name),
    metrics: () => render(false),
    render,
    contentType: TEXT_TYPE,
  };
}

function renderMetric(metric: CollectedMetric, isOpenMetrics: boolean): string {
  const { name, help, type, values } = metric;
  // OpenMetrics names a counter without the ending of its samples.
  const family = isOpenMetrics && type === 'counter' ? name.replace(/_total$/, '') : name;
  const lines = values.map((sample) => renderSample(name, sample, isOpenMetrics));
  return `# HELP ${family} ${escapeText(help)}\n# TYPE ${family} ${type}\n${lines.join('')}`;
}

function renderSample(name: string, sample: PageSample, isOpenMetrics: boolean): string {
  const { labels, value, metricName = name, exemplar } = sample;
  const line = `${metricName}${renderLabels(labels)} ${value}`;
  if (!exemplar || !isOpenMetrics) return `${line}\n`;
  return `${line} # ${renderLabels(exemplar.labelSet)} ${exemplar.value} ${exemplar.timestamp}\n`;
}

function renderLabels(labels: PageSample['labels']): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${escapeText(String(value)).replaceAll('"', String.raw`\"`)}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escapeText(text: string): string {
  return text.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`);
}
