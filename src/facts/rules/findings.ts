import { type CallRate, describeFailures, formatShare } from './rate-window.ts';
import type { MonitorSettings } from '../server.ts';

/** Where a finding comes from; a worse one does not hide the others, all are reported. */
const FINDING_SOURCES = ['check', 'deep', 'error_rate', 'response_time'] as const;
export type FindingSource = (typeof FINDING_SOURCES)[number];

/** A problem of a server that answers. */
export interface Finding {
  readonly level: 'warning' | 'critical';
  readonly text: string;
}

/** At most one per source. */
export type Findings = Readonly<Partial<Record<FindingSource, Finding>>>;

/** A level ends when the value falls below this share of its threshold. */
const EXIT_RATIO = 0.9;
/** A level that was reached ends when there are fewer calls than this share of the minimum. */
const EXIT_REQUESTS_RATIO = 0.5;

export function assessResponseTime(
  meanMs: number,
  thresholds: MonitorSettings['responseTime'],
  current: Finding['level'] | undefined,
): Finding | undefined {
  const find = (
    level: Finding['level'],
    thresholdMs: number,
    isAlreadyIn: boolean,
  ): Finding | undefined => {
    const exitMs = thresholdMs * EXIT_RATIO;
    if (meanMs < (isAlreadyIn ? exitMs : thresholdMs)) return undefined;
    const limit = meanMs < thresholdMs ? `clears below ${exitMs} ms` : `limit ${thresholdMs} ms`;
    return { level, text: `slow: one-minute mean ${Math.round(meanMs)} ms, ${limit}` };
  };
  return (
    find('critical', thresholds.criticalMs, current === 'critical') ??
    find('warning', thresholds.warningMs, current !== undefined)
  );
}

/** A level is reached only with `minRequests`; with fewer calls it can only be kept or end. */
export function assessErrorRate(
  rate: CallRate,
  settings: MonitorSettings['errorRate'],
  current: Finding['level'] | undefined,
): Finding | undefined {
  const { requests, failures } = rate;
  const { minRequests, windowMs } = settings;
  const find = (
    level: Finding['level'],
    threshold: number,
    isAlreadyIn: boolean,
  ): Finding | undefined => {
    const requestsMin = isAlreadyIn ? minRequests * EXIT_REQUESTS_RATIO : minRequests;
    const exit = threshold * EXIT_RATIO;
    if (requests === 0 || requests < requestsMin) return undefined;
    if (failures / requests < (isAlreadyIn ? exit : threshold)) return undefined;
    const text = describeFailures(rate, windowMs);
    const isHeld = failures / requests < threshold;
    return { level, text: isHeld ? `${text}; clears below ${formatShare(exit, 1)}` : text };
  };
  return (
    find('critical', settings.criticalRatio, current === 'critical') ??
    find('warning', settings.warningRatio, current !== undefined)
  );
}

export function withFinding(
  findings: Findings,
  source: FindingSource,
  finding: Finding | undefined,
): Findings {
  if (finding === undefined) {
    if (findings[source] === undefined) return findings;
    const { [source]: _cleared, ...others } = findings;
    return others;
  }
  return { ...findings, [source]: finding };
}

/** `undefined` without a finding. */
export function worstLevel(findings: Findings): Finding['level'] | undefined {
  const levels = FINDING_SOURCES.map((source) => findings[source]?.level);
  if (levels.includes('critical')) return 'critical';
  return levels.includes('warning') ? 'warning' : undefined;
}

/** Worst first. */
export function findingTexts(findings: Findings): string[] {
  const present = FINDING_SOURCES.map((source) => findings[source]).filter(
    (finding) => finding !== undefined,
  );
  return ['critical', 'warning'].flatMap((level) =>
    present.filter((finding) => finding.level === level).map((finding) => finding.text),
  );
}
