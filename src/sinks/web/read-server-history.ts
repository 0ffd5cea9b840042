import type { CallChartPoint } from '../../facts/call-log.ts';
import type { CheckReport } from '../../facts/check-report.ts';
import type { ServerDetail } from '../../facts/ports/server-view.ts';
import type { CheckChartPoint } from '../../facts/server-log.ts';
import { asEpochMs, type EpochMs } from '../../facts/time.ts';
import { askBriefly } from './ask-journal.ts';
import type { HttpAppDeps } from './ports.ts';
import { type ChartSpan, historySpan } from './time-span.ts';

/** Checks and calls of one server that began within `bucketMs` of the span from `atMs`. */
export interface ChartRow {
  readonly atMs: EpochMs;
  readonly check?: CheckChartPoint;
  readonly call?: CallChartPoint;
}

export interface ServerHistory {
  readonly span: ChartSpan;
  /** Oldest first; without those in which nothing happened. */
  readonly rows: readonly ChartRow[];
  /** Why it is not complete. */
  readonly problem?: string;
}

/** From the journal; without it, the checks that are remembered since the start. */
export async function readServerHistory(
  deps: Pick<HttpAppDeps, 'clock' | 'journal'>,
  { name: server, recentChecks }: ServerDetail,
  windowMs: number,
): Promise<ServerHistory> {
  const span = historySpan(windowMs, deps.clock.nowMs());
  const filter = { server, ...span };
  const [checks, calls] = await Promise.all([
    askBriefly(deps, () => deps.journal.chartChecks(filter)),
    askBriefly(deps, () => deps.journal.chartCalls(filter)),
  ]);
  const points = checks.ok ? checks.value : chartReports(recentChecks, span);
  const failed = [checks, calls].find(({ ok }) => !ok);
  return {
    span,
    rows: joinRows(points, calls.ok ? calls.value : []),
    ...(failed && !failed.ok && { problem: failed.message }),
  };
}

function joinRows(
  checks: readonly CheckChartPoint[],
  calls: readonly CallChartPoint[],
): readonly ChartRow[] {
  const rows = new Map<EpochMs, ChartRow>();
  for (const check of checks) rows.set(check.atMs, { atMs: check.atMs, check });
  for (const call of calls)
    rows.set(call.atMs, { ...(rows.get(call.atMs) ?? { atMs: call.atMs }), call });
  return [...rows.values()].toSorted((one, other) => one.atMs - other.atMs);
}

function chartReports(
  reports: readonly CheckReport[],
  { fromMs, bucketMs }: ChartSpan,
): readonly CheckChartPoint[] {
  const inSpan = reports.filter(({ startedAtMs }) => startedAtMs >= fromMs);
  const buckets = Map.groupBy(inSpan, ({ startedAtMs }) => startedAtMs - (startedAtMs % bucketMs));
  return [...buckets]
    .toSorted(([one], [other]) => one - other)
    .map(([atMs, group]) => {
      const times = group
        .filter(({ kind, outcome }) => kind === 'steady' && outcome === 'ok')
        .map(({ durationMs }) => durationMs);
      const sumMs = times.reduce((sum, durationMs) => sum + durationMs, 0);
      return {
        atMs: asEpochMs(atMs),
        checks: group.length,
        failures: group.filter(({ outcome }) => outcome !== 'ok').length,
        ...(times.length > 0 && { meanMs: sumMs / times.length, maxMs: Math.max(...times) }),
      };
    });
}
