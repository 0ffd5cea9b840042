import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DemoServer } from './demo-server.ts';
import { allRawSeries } from './raw-series.ts';
import { recordedSeries } from './recorded-series.ts';
import { createTimeline } from './timeline.ts';
import { simulate } from './traffic.ts';
import { type SeriesSet, writeOpenMetrics } from './write-openmetrics.ts';

const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 24 * HOUR_SECONDS;
/** Prometheus looks back five minutes: a longer step would cause gaps. */
const RECORDED_STEP_SECONDS = 300;
/** Two samples per minute, the shortest window of a rate. */
const RAW_STEP_SECONDS = 30;
/** The history ends this long before the live data begins, because Prometheus shows a last sample for five minutes. */
const RAW_GAP_SECONDS = 360;
/** Sizes to which Prometheus also compacts its own two-hour blocks. */
const LONG_BLOCK_HOURS = 54;
const SHORT_BLOCK_HOURS = 6;

export interface HistoryOptions {
  readonly servers: readonly DemoServer[];
  readonly nowSeconds: number;
  readonly days: number;
  /** How many of them with what the exporter itself would have shown; the rest has only what rules record. */
  readonly rawDays: number;
  /** Makes blocks of a file in OpenMetrics. */
  readonly createBlocks: (path: string, blockHours: number) => Promise<void>;
  readonly onProgress?: (progress: Progress) => void;
}

export interface Progress {
  /** Share of the time that is done, 0 to 1. */
  readonly done: number;
  readonly samples: number;
  readonly bytes: number;
}

/** Makes up a past for these servers, and hands it on piece by piece, so that no piece is large. */
export async function writeHistory(options: HistoryOptions): Promise<number> {
  const { servers, nowSeconds, days, rawDays, createBlocks, onProgress } = options;
  const startSeconds = nowSeconds - days * DAY_SECONDS;
  const rawSeconds = nowSeconds - rawDays * DAY_SECONDS;
  const sets = [
    makeSet(servers, startSeconds, nowSeconds, RECORDED_STEP_SECONDS, recordedSeries),
    makeSet(servers, rawSeconds, nowSeconds, RAW_STEP_SECONDS, allRawSeries, RAW_GAP_SECONDS),
  ];
  const folder = await mkdtemp(join(tmpdir(), 'mcp-exporter-history-'));
  let samples = 0;
  try {
    for (const { fromSeconds, toSeconds, blockHours } of pieces(
      startSeconds,
      rawSeconds,
      nowSeconds,
    )) {
      const path = join(folder, `${fromSeconds}.om`);
      samples += await writeOpenMetrics(path, sets, fromSeconds, toSeconds);
      const { size } = await stat(path);
      await createBlocks(path, blockHours);
      await rm(path);
      const done = (toSeconds - startSeconds) / (nowSeconds - startSeconds);
      onProgress?.({ done: Math.min(1, done), samples, bytes: size });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return samples;
}

function makeSet(
  servers: readonly DemoServer[],
  fromSeconds: number,
  nowSeconds: number,
  stepSeconds: number,
  seriesOf: typeof recordedSeries,
  gapSeconds = 0,
): SeriesSet {
  const timeline = createTimeline(fromSeconds, nowSeconds - gapSeconds, stepSeconds);
  const fleet = servers.map((server) => simulate(server, timeline, nowSeconds));
  return { timeline, series: [...seriesOf(fleet, timeline, nowSeconds)] };
}

interface Piece {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly blockHours: number;
}

/** One file for each block, so that promtool reads nothing twice. */
function* pieces(startSeconds: number, rawSeconds: number, nowSeconds: number): Generator<Piece> {
  let fromSeconds = startSeconds;
  while (fromSeconds <= nowSeconds) {
    const endOf = (hours: number): number => {
      const blockSeconds = hours * HOUR_SECONDS;
      return (Math.floor(fromSeconds / blockSeconds) + 1) * blockSeconds;
    };
    const isLong = endOf(LONG_BLOCK_HOURS) <= rawSeconds;
    const blockHours = isLong ? LONG_BLOCK_HOURS : SHORT_BLOCK_HOURS;
    const toSeconds = Math.min(endOf(blockHours), nowSeconds + 1);
    yield { fromSeconds, toSeconds, blockHours };
    fromSeconds = toSeconds;
  }
}
