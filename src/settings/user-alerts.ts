import { distance } from 'fastest-levenshtein';
import { METRICS_PAGE } from '../catalog/catalog.ts';
import { KNOWN_ALERTS } from '../catalog/known-alerts.ts';
import { type AlertingConfig, hasChannel } from '../facts/alerting.ts';
import { ALERT_METRICS, type AlertUnit, alertUnitOf, type UserAlert } from '../facts/user-alert.ts';
import type { AlertInput } from './alerting-schema.ts';
import {
  nodeAt,
  type Path,
  type Problem,
  problemAt,
  type SourceFile,
  type SourceNode,
} from './source-file.ts';
import { parseDuration, parsePercent, parseSize } from './units.ts';

/** An entry of a list, and its place there. */
export interface Indexed<Input> {
  readonly index: number;
  readonly input: Input;
}

/** What references to servers are checked against. */
export interface ServerNames {
  readonly source: SourceFile;
  readonly problems: Problem[];
  /** Names that exist. */
  readonly servers: readonly string[];
  isPruned(path: Path): boolean;
}

export interface AlertSources extends ServerNames {
  readonly alerting: AlertingConfig | undefined;
}

const KINDS = new Map(METRICS_PAGE.map(({ name, kind }) => [name, kind]));
const OFFERED: readonly string[] = [...ALERT_METRICS, ...KINDS.keys()];
const SHOWN_MAX = 10;

/** Turns `alerts:` into base units, reporting what the schema cannot see. */
export function completeAlerts(
  alerts: readonly Indexed<AlertInput>[],
  sources: AlertSources,
): UserAlert[] {
  const names = new Set<string>();
  return alerts.flatMap(({ index, input }) => {
    const at = (...keys: (string | number)[]): Path => ['alerts', index, ...keys];
    const report = (path: Path, message: string): void => {
      sources.problems.push(problemAt(sources.source, path, message));
    };
    if (names.has(input.name)) report(at('name'), 'an alert of this name is here twice');
    if (KNOWN_ALERTS.includes(input.name))
      report(at('name'), 'this is the name of an alert in prometheus/rules/; choose another');
    names.add(input.name);
    checkServerNames(input.servers, at('servers'), sources, report);
    checkChannels(input, at('channels'), sources, report);
    const threshold = readThreshold(input, at, report);
    return threshold === undefined ? [] : [alertOf(input, threshold)];
  });
}

function alertOf(input: AlertInput, threshold: number): UserAlert {
  return {
    name: input.name,
    metric: input.metric,
    op: input.op,
    threshold,
    thresholdText: input.threshold.trim(),
    forMs: input.for,
    servers: input.servers,
    severity: input.severity,
    ...(input.channels && { channels: [...new Set(input.channels)] }),
  };
}

function readThreshold(
  { metric, threshold }: AlertInput,
  at: (key: string) => Path,
  report: (path: Path, message: string) => void,
): number | undefined {
  if (!OFFERED.includes(metric)) {
    const offered = `${ALERT_METRICS.join(', ')}, or a name of docs/metrics.md`;
    report(
      at('metric'),
      `there is no such metric; offered are ${offered}${hintFor(metric, OFFERED)}`,
    );
    return undefined;
  }
  const unit = alertUnitOf(metric, KINDS.get(metric));
  const parsed = parseThreshold(threshold, unit);
  if (parsed === undefined) report(at('threshold'), `of ${metric} ${THRESHOLD_RULES[unit]}`);
  return parsed;
}

export function checkServerNames(
  servers: AlertInput['servers'],
  path: Path,
  { servers: known, isPruned }: ServerNames,
  report: (path: Path, message: string) => void,
): void {
  if (servers === 'all' || isPruned(path)) return;
  for (const [index, name] of servers.entries()) {
    if (known.includes(name)) continue;
    const shown = known.slice(0, SHOWN_MAX).join(', ');
    const more = known.length > SHOWN_MAX ? `, and ${known.length - SHOWN_MAX} more` : '';
    const list = known.length === 0 ? 'there is none' : `there are ${shown}${more}`;
    report([...path, index], `there is no such server; ${list}${hintFor(name, known)}`);
  }
}

function checkChannels(
  { channels = [] }: AlertInput,
  path: Path,
  { alerting, isPruned }: AlertSources,
  report: (path: Path, message: string) => void,
): void {
  for (const [index, channel] of channels.entries()) {
    if (alerting && hasChannel(alerting, channel)) continue;
    const key = channel === 'webhook' ? 'webhooks' : channel;
    // A channel with a mistake is configured too.
    if (isPruned(['alerting']) || isPruned(['alerting', key])) continue;
    report([...path, index], `nothing can go there: alerting.${key} is not configured`);
  }
}

function hintFor(word: string, names: readonly string[]): string {
  if (word.length > 128) return '';
  const near = names
    .map((name) => ({ name, steps: distance(word.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, steps }) => steps <= Math.max(1, Math.floor(name.length / 3)))
    .toSorted((a, b) => a.steps - b.steps);
  return near[0] === undefined ? '' : `; did you mean ${near[0].name}?`;
}

/** `url_file` would put the content of the file into Alertmanager's configuration, where it is no longer a secret. */
export function checkAlerting(
  source: SourceFile,
  written: SourceNode | undefined,
  problems: Problem[],
): void {
  const visit = (node: SourceNode | undefined, path: Path): void => {
    if (node?.kind === 'list')
      for (const [i, item] of node.items.entries()) visit(item, [...path, i]);
    if (node?.kind !== 'map') return;
    for (const [key, entry] of node.entries) {
      if (key === 'url_file')
        problems.push(
          problemAt(
            { ...source, root: written },
            [...path, key],
            'must be urlFile here: Alertmanager reads the file itself',
            'key',
          ),
        );
      visit(entry.node, [...path, key]);
    }
  };
  visit(nodeAt(written, ['alerting']), ['alerting']);
}

const NUMBER = /^-?\d{1,15}(?:\.\d{1,15})?$/;
const RATE = /^(\d{1,15}(?:\.\d{1,15})?)\s?\/\s?([smhd])$/;
const RATE_UNIT_SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** The form of a threshold in this unit; continues a sentence that begins with the key. */
const THRESHOLD_RULES: Readonly<Record<AlertUnit, string>> = {
  seconds: 'must be a duration with its unit, such as 500ms or 2s',
  ratio: 'must be a share with its unit, such as 5% or 99.9%',
  bytes: 'must be a size with its unit, such as 512MiB',
  'per-second': 'must be a number per second, or a rate with its unit, such as 10/s or 3/h',
  'per-minute': 'must be a number per minute, or a rate with its unit, such as 1000/m or 10/s',
  dollars: 'must be an amount of US dollars, such as $20 or 20',
  number: 'must be a number without a unit',
};

/** The base unit is that of {@link AlertUnit}. @returns undefined if the text is not such a quantity */
function parseThreshold(text: string, unit: AlertUnit): number | undefined {
  const written = text.trim();
  switch (unit) {
    case 'seconds': {
      const ms = parseDuration(written);
      return ms === undefined ? undefined : ms / 1_000;
    }
    case 'ratio':
      return parsePercent(written);
    case 'bytes':
      return parseSize(written);
    case 'per-second':
      return parseNumber(written) ?? parseRate(written, 1);
    case 'per-minute':
      return parseNumber(written) ?? parseRate(written, 60);
    case 'dollars':
      return parseNumber(written.replace(/^\$\s?/, ''));
    case 'number':
      return parseNumber(written);
  }
}

function parseNumber(text: string): number | undefined {
  return NUMBER.test(text) ? Number(text) : undefined;
}

function parseRate(text: string, perSeconds: number): number | undefined {
  const [, amount, unit] = RATE.exec(text) ?? [];
  if (amount === undefined) return undefined;
  return (Number(amount) * perSeconds) / RATE_UNIT_SECONDS[unit as keyof typeof RATE_UNIT_SECONDS];
}
