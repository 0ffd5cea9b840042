/**
 * Counters that are born, restart, are not scraped for a while and disappear, and what they really grew by. Times are seconds
 * since the beginning. A process counts whether it is scraped or not.
 */

export type Labels = Readonly<Record<string, string>>;
type Span = readonly [from: number, to: number];

/** A counter, as long as it is on the page. */
export interface Stream {
  readonly metric: string;
  readonly labels: Labels;
  readonly perSecond: number;
  readonly from: number;
  readonly to?: number;
  /** What it has when it comes to the page: 0 if the zero is shown first. */
  readonly bornWith?: number;
}

export interface Process {
  readonly instance: string;
  /** When it starts and restarts; its counters then begin at zero. */
  readonly starts: readonly number[];
  /** Scrapes fail, and the process goes on. */
  readonly gaps?: readonly Span[];
  /** The clock jumped over this time: nothing was scraped, and nothing was counted. */
  readonly clockSteps?: readonly Span[];
  /** What was counted before is not known to anybody. */
  readonly firstScrape?: number;
  readonly streams: readonly Stream[];
}

export interface MadeUpSeries {
  readonly name: string;
  readonly labels: Labels;
  /** As promtool writes them: `stale` if a scrape did not have it, `_` if there was none. */
  readonly values: readonly (number | 'stale' | '_')[];
}

export const TARGET: Labels = { job: 'mcp-exporter', gateway: 'g' };

/** What Prometheus gets of a process: its counters, its start and whether it answered. */
export function scrapedOf(
  process: Process,
  stepSeconds: number,
  endSeconds: number,
): MadeUpSeries[] {
  const { instance, clockSteps = [], firstScrape = 0 } = process;
  const own = { ...TARGET, instance };
  const times = Array.from(
    { length: Math.floor(endSeconds / stepSeconds) + 1 },
    (_, index) => index * stepSeconds,
  );
  const sampled = (
    name: string,
    labels: Labels,
    valueAt: (time: number) => number | undefined,
  ): MadeUpSeries => ({
    name,
    labels: { ...own, ...labels },
    values: times.map((time) =>
      time < firstScrape || isWithin(clockSteps, time) ? '_' : (valueAt(time) ?? 'stale'),
    ),
  });
  return [
    sampled('up', {}, (time) => Number(answers(process, time))),
    sampled('process_start_time_seconds', {}, (time) =>
      answers(process, time) ? lastStart(process, time) : undefined,
    ),
    ...process.streams.map((stream) =>
      sampled(stream.metric, stream.labels, (time) =>
        answers(process, time) && time >= stream.from && time <= (stream.to ?? Infinity)
          ? shownAt(process, stream, time)
          : undefined,
      ),
    ),
  ];
}

/** By how much a counter grew from one time to another, restarts included. */
export function growthOf(process: Process, stream: Stream, from: number, to: number): number {
  const known = Math.max(from, process.firstScrape ?? -Infinity);
  return to <= known ? 0 : countedUntil(process, stream, to) - countedUntil(process, stream, known);
}

function shownAt(process: Process, stream: Stream, time: number): number {
  const start = lastStart(process, time) ?? time;
  const before = start > stream.from ? countedUntil(process, stream, start) : 0;
  return countedUntil(process, stream, time) - before;
}

/** All that it ever counted. */
function countedUntil(process: Process, stream: Stream, time: number): number {
  const { from, to = Infinity, perSecond, bornWith = 0 } = stream;
  if (time < from) return 0;
  const begin = Math.max(from, process.starts[0] ?? Infinity);
  const end = Math.min(time, to);
  const skipped = (process.clockSteps ?? [])
    .map(([stepFrom, stepTo]) => Math.min(stepTo, end) - Math.max(stepFrom, begin))
    .filter((seconds) => seconds > 0);
  const seconds = Math.max(0, end - begin) - skipped.reduce((sum, each) => sum + each, 0);
  return bornWith + perSecond * seconds;
}

function answers(process: Process, time: number): boolean {
  return lastStart(process, time) !== undefined && !isWithin(process.gaps ?? [], time);
}

function lastStart({ starts }: Process, time: number): number | undefined {
  return starts.filter((start) => start <= time).at(-1);
}

function isWithin(spans: readonly Span[], time: number): boolean {
  return spans.some(([from, to]) => time > from && time < to);
}
