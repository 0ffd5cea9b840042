import { distance } from 'fastest-levenshtein';
import { type AlertingConfig, hasChannel } from '../facts/alerting.ts';
import { ALERT_METRICS, alertUnitOf, type UserAlert } from '../facts/user-alert.ts';
import { METRICS_PAGE } from '../catalog/catalog.ts';
import { KNOWN_ALERTS } from '../catalog/known-alerts.ts';
import {
  ALERT_DEFAULTS,
  ALERTING_DEFAULTS,
  type AlertingInput,
  type AlertInput,
} from './alerting-schema.ts';
import type { Path, Problem } from './problem.ts';
import { problemAt } from './problem-at.ts';
import { parseThreshold, THRESHOLD_RULES } from './parse-threshold.ts';
import { nodeAt, type SourceFile, type SourceNode } from './source-node.ts';
import { parseDuration } from './units.ts';

export interface AlertSources {
  readonly source: SourceFile;
  readonly problems: Problem[];
  /** Names that an alert may be about. */
  readonly servers: readonly string[];
  readonly alerting: AlertingConfig | undefined;
  isPruned(path: Path): boolean;
}

const KINDS = new Map(METRICS_PAGE.map(({ name, kind }) => [name, kind]));
const OFFERED: readonly string[] = [...ALERT_METRICS, ...KINDS.keys()];
const SHOWN_MAX = 10;

/** Turns `alerts:` into base units, reporting what the schema cannot see. */
export function settleAlerts(inputs: readonly AlertInput[], sources: AlertSources): UserAlert[] {
  const names = new Set<string>();
  return inputs.flatMap((input, index) => {
    const at = (...keys: (string | number)[]): Path => ['alerts', index, ...keys];
    const report = (path: Path, message: string): void => {
      sources.problems.push(problemAt(sources.source, path, message));
    };
    if (names.has(input.name)) report(at('name'), 'an alert of this name is here twice');
    if (KNOWN_ALERTS.includes(input.name))
      report(at('name'), 'this is the name of an alert in prometheus/rules/; choose another');
    names.add(input.name);
    checkServers(input, at('servers'), sources, report);
    checkChannels(input, at('channels'), sources, report);
    const threshold = settleThreshold(input, at, report);
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
    forMs: input.for ?? parseDuration(ALERT_DEFAULTS.for) ?? 0,
    servers: input.servers ?? ALERT_DEFAULTS.servers,
    severity: input.severity ?? ALERT_DEFAULTS.severity,
    ...(input.channels ? { channels: [...new Set(input.channels)] } : {}),
  };
}

function settleThreshold(
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

function checkServers(
  { servers = 'all' }: AlertInput,
  path: Path,
  { servers: known, isPruned }: AlertSources,
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
  { alerting }: AlertSources,
  report: (path: Path, message: string) => void,
): void {
  for (const [index, channel] of channels.entries()) {
    if (alerting && hasChannel(alerting, channel)) continue;
    const key = channel === 'webhook' ? 'webhooks' : channel;
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

export function settleAlerting(
  input: AlertingInput | undefined,
  source: SourceFile,
  written: SourceNode | undefined,
  problems: Problem[],
): AlertingConfig | undefined {
  if (!input) return undefined;
  checkSecretReferences(source, written, problems);
  const { email, webhooks, slack, pagerduty, heartbeat, history, businessHours } = input;
  return {
    ...(email ? { email: mailOf(email) } : {}),
    webhooks: (webhooks ?? []).map(addressOf),
    ...(slack ? { slack } : {}),
    ...(pagerduty ? { pagerduty } : {}),
    ...(heartbeat ? { heartbeat: addressOf(heartbeat) } : {}),
    ...(history ? { history: historyOf(history) } : {}),
    ...(businessHours
      ? {
          businessHours: {
            timeZone: businessHours.timeZone,
            days: businessHours.days ?? ALERTING_DEFAULTS.days,
            from: businessHours.from ?? ALERTING_DEFAULTS.from,
            to: businessHours.to ?? ALERTING_DEFAULTS.to,
          },
        }
      : {}),
    grafanaUrl: withoutSlash(input.grafanaUrl ?? ALERTING_DEFAULTS.grafanaUrl),
    exporterUrl: withoutSlash(input.exporterUrl ?? ALERTING_DEFAULTS.exporterUrl),
    templates: input.templates ?? ALERTING_DEFAULTS.templates,
  };
}

function mailOf({
  to,
  from,
  smarthost,
  username,
  passwordFile,
  requireTls,
}: NonNullable<AlertingInput['email']>): NonNullable<AlertingConfig['email']> {
  return {
    to,
    from,
    smarthost,
    ...(username === undefined ? {} : { username }),
    ...(passwordFile === undefined ? {} : { passwordFile }),
    requireTls: requireTls ?? ALERTING_DEFAULTS.requireTls,
  };
}

function historyOf({
  url,
  tokenFile,
}: NonNullable<AlertingInput['history']>): NonNullable<AlertingConfig['history']> {
  return { url, ...(tokenFile === undefined ? {} : { tokenFile }) };
}

/** `url_file` would put the content of the file into Alertmanager's configuration, where it is no secret any more. */
function checkSecretReferences(
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

function addressOf({
  url,
  urlFile,
}: {
  readonly url?: string | undefined;
  readonly urlFile?: string | undefined;
}) {
  return url === undefined ? { urlFile: urlFile ?? '' } : { url };
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
