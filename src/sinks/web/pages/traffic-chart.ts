import type { CallChartPoint } from '../../../facts/call-log.ts';
import { asEpochMs } from '../../../facts/time.ts';
import { formatCount, formatInstant, formatSpan } from '../format.ts';
import { type Html, html } from '../html.ts';
import type { ChartSpan, TimeSpan } from '../time-span.ts';
import { absoluteTime } from './time.ts';

const HEIGHT = 80;
const SLOT_WIDTH = 8;
const BAR_WIDTH = 6;
/** So that a few calls among many are seen. */
const LOWEST = 3;
/** Lines that a chart has room for, however many bars it has. */
const LINES_MAX = 600;

export interface TrafficChart {
  readonly span: ChartSpan;
  readonly points: readonly CallChartPoint[];
  /** What the page is about; its bars have another ground. */
  readonly chosen: TimeSpan;
  /** Drawn as lines. */
  readonly marks: readonly { readonly atMs: number; readonly text: string }[];
  /** Address of what happened in the time of one bar. */
  hrefOf(span: TimeSpan): string;
}

/** Calls as bars, failures of them in red from below; each bar with calls is a link. */
export function trafficChart(chart: TrafficChart): Html {
  const { span, points } = chart;
  const slots = Math.max(1, Math.min(1_000, (span.toMs - span.fromMs) / span.bucketMs));
  const mostCalls = Math.max(1, ...points.map(({ calls }) => calls));
  const byTime = new Map(points.map((point) => [Number(point.atMs), point]));
  const bars = Array.from({ length: slots }, (_, slot) => {
    const fromMs = asEpochMs(span.fromMs + slot * span.bucketMs);
    const bounds = { fromMs, toMs: asEpochMs(fromMs + span.bucketMs) };
    return bar(chart, { slot, bounds, mostCalls, point: byTime.get(fromMs) });
  });
  return html`<svg
      class="chart traffic"
      viewBox="0 0 ${slots * SLOT_WIDTH - 2} ${HEIGHT}"
      preserveAspectRatio="none"
      role="group"
      aria-label="Calls and failures, by ${formatSpan(span.bucketMs)}"
    >
      ${bars}${chart.marks.map((mark) => markLine(mark, span, slots))}
    </svg>
    <p class="scale ends">
      <span>${absoluteTime(span.fromMs)}</span><span>${absoluteTime(span.toMs)}</span>
    </p>
    <p class="scale">${describe(points, mostCalls, span)}</p>`;
}

interface Bar {
  readonly slot: number;
  readonly bounds: TimeSpan;
  readonly mostCalls: number;
  readonly point: CallChartPoint | undefined;
}

function bar({ chosen, hrefOf }: TrafficChart, { slot, bounds, mostCalls, point }: Bar): Html {
  const x = slot * SLOT_WIDTH;
  const isChosen = bounds.fromMs < chosen.toMs && bounds.toMs > chosen.fromMs;
  const ground = html`<rect
    class="${isChosen ? 'ground is-chosen' : 'ground'}"
    x="${x - 1}"
    y="0"
    width="${SLOT_WIDTH}"
    height="${HEIGHT}"
  />`;
  if (!point || point.calls === 0) return ground;
  const calls = Math.max(LOWEST, (HEIGHT * point.calls) / mostCalls);
  const failures = point.failures && Math.max(LOWEST, (HEIGHT * point.failures) / mostCalls);
  const words = `${formatInstant(bounds.fromMs)}: ${counted(point.calls, 'call')}, ${formatCount(point.failures)} failed`;
  return html`<a href="${hrefOf(bounds)}" aria-label="${words}"
    ><title>${words}</title
    >${ground}${rect('calls-bar', x, calls)}${failures > 0 && rect('fill-offline', x, failures)}</a
  >`;
}

function rect(look: string, x: number, height: number): Html {
  return html`<rect
    class="${look}"
    x="${x}"
    y="${(HEIGHT - height).toFixed(1)}"
    width="${BAR_WIDTH}"
    height="${height.toFixed(1)}"
  />`;
}

function markLine(
  { atMs, text }: TrafficChart['marks'][number],
  { fromMs, toMs }: ChartSpan,
  slots: number,
): Html | false {
  if (atMs < fromMs || atMs > toMs) return false;
  const x = ((atMs - fromMs) / (toMs - fromMs)) * slots * SLOT_WIDTH;
  return html`<rect
    class="mark-line"
    x="${x.toFixed(1)}"
    y="0"
    width="${((slots * SLOT_WIDTH) / LINES_MAX).toFixed(2)}"
    height="${HEIGHT}"
    ><title>${formatInstant(atMs)}: ${text}</title></rect
  >`;
}

function describe(
  points: readonly CallChartPoint[],
  mostCalls: number,
  { bucketMs }: ChartSpan,
): string {
  const calls = points.reduce((sum, point) => sum + point.calls, 0);
  if (calls === 0) return 'No calls in this time.';
  const failures = points.reduce((sum, point) => sum + point.failures, 0);
  return `${formatCount(failures)} of ${counted(calls, 'call')} failed. The tallest bar is ${counted(mostCalls, 'call')} in ${formatSpan(bucketMs)}.`;
}

function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}
