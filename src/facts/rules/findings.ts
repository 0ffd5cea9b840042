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

/** Fewer failures are chance, however few calls there were. The alerts that we ship have the same floor. */
const FAILURES_MIN = 3;

/**
 * A level is reached only with `minRequests` calls and three failures; with fewer calls it can only be kept or end.
 *
 * Tool errors do not count towards `warningRatio` and `criticalRatio`: a tool also answers with one if its caller asked for
 * what does not exist. From `toolErrorRatio` on they lead to Warning. See docs/adr/0011-mistakes-of-callers.md.
 */
export function assessErrorRate(
  rate: CallRate,
  settings: MonitorSettings['errorRate'],
  current: Finding['level'] | undefined,
): Finding | undefined {
  const { requests, failures, toolErrors } = rate;
  const { minRequests, windowMs } = settings;
  const find = (
    level: Finding['level'],
    counted: number,
    threshold: number,
    isAlreadyIn: boolean,
  ): Finding | undefined => {
    const requestsMin = isAlreadyIn ? minRequests * EXIT_REQUESTS_RATIO : minRequests;
    const exit = threshold * EXIT_RATIO;
    if (requests === 0 || requests < requestsMin) return undefined;
    if (!isAlreadyIn && counted < FAILURES_MIN) return undefined;
    if (counted / requests < (isAlreadyIn ? exit : threshold)) return undefined;
    const text = describeFailures(rate, windowMs);
    const isHeld = counted / requests < threshold;
    return { level, text: isHeld ? `${text}; clears below ${formatShare(exit, 1)}` : text };
  };
  const { warningRatio, criticalRatio, toolErrorRatio } = settings;
  const ownFailures = failures - toolErrors;
  return (
    find('critical', ownFailures, criticalRatio, current === 'critical') ??
    find('warning', ownFailures, warningRatio, current !== undefined) ??
    find('warning', toolErrors, toolErrorRatio, current !== undefined)
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

/** Where the worst finding comes from, the first of several; `undefined` without a finding. */
export function worstSource(findings: Findings): FindingSource | undefined {
  const level = worstLevel(findings);
  return FINDING_SOURCES.find((source) => findings[source]?.level === level && level !== undefined);
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
