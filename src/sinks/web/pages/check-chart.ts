import type { CheckReport } from '../../../facts/check-report.ts';
import { type Phase, PHASES } from '../../../facts/probe-outcome.ts';
import { formatDuration, formatInstant } from '../format.ts';
import { type Html, html } from '../html.ts';

const SLOTS = 60;
const HEIGHT = 44;
const LOWEST = 6;
const SLOT_WIDTH = 8;
const BAR_WIDTH = 6;

/** Checks as bars, newest on the right: height is the response time, a failure is a full bar in another colour. Deep checks, slow by nature, show only as failures. */
export function checkChart(newestFirst: readonly CheckReport[]): Html {
  const bars = newestFirst
    .filter((report) => report.kind === 'steady' || report.outcome !== 'ok')
    .slice(0, SLOTS)
    .toReversed();
  const slowestMs = Math.max(...bars.map(shownMs), 0);
  const firstSlot = SLOTS - bars.length;
  const emptySlots = Array.from(
    { length: firstSlot },
    (_, slot) =>
      html`<rect
        class="slot"
        x="${slot * SLOT_WIDTH}"
        y="${HEIGHT - LOWEST}"
        width="${BAR_WIDTH}"
        height="${LOWEST}"
        rx="1"
      />`,
  );
  return html`<svg
      class="chart"
      viewBox="0 0 ${SLOTS * SLOT_WIDTH - 2} ${HEIGHT}"
      preserveAspectRatio="none"
      role="img"
      aria-label="${describe(bars)}"
    >
      ${emptySlots}${bars.map((report, index) => bar(report, firstSlot + index, slowestMs))}</svg
    >${slowestMs > 0 && html`<p class="scale">The tallest green bar is ${formatDuration(slowestMs)}.</p>`}`;
}

function bar(report: CheckReport, slot: number, slowestMs: number): Html {
  const isOk = report.outcome === 'ok';
  const height = isOk
    ? LOWEST + (HEIGHT - LOWEST - 6) * (shownMs(report) / Math.max(slowestMs, 1))
    : HEIGHT;
  return html`<rect
    class="${isOk ? 'fill-healthy' : 'fill-offline'}"
    x="${slot * SLOT_WIDTH}"
    y="${(HEIGHT - height).toFixed(1)}"
    width="${BAR_WIDTH}"
    height="${height.toFixed(1)}"
    rx="1"
    ><title>
      ${formatInstant(report.startedAtMs)}: ${report.outcome},
      ${formatDuration(report.responseMs ?? report.durationMs)}
    </title></rect
  >`;
}

/** A handshake has no response time: its bar has the lowest height. */
function shownMs({ outcome, responseMs }: CheckReport): number {
  return outcome === 'ok' ? (responseMs ?? 0) : 0;
}

function describe(bars: readonly CheckReport[]): string {
  const failures = bars.filter((report) => report.outcome !== 'ok').length;
  return `Last ${bars.length} checks, ${failures} failed`;
}

const PHASE_WORDS: Readonly<Record<Phase, string>> = {
  connect: 'Connect',
  tls: 'TLS',
  spawn: 'Start',
  handshake: 'Handshake',
  list: 'Lists',
  call: 'Call',
};

/** Where the time of one check went; `undefined` if no phase was timed. */
export function phaseBar(report: CheckReport): Html | undefined {
  const phases = PHASES.flatMap((phase) => {
    const durationMs = report.phasesMs[phase];
    return durationMs === undefined ? [] : [{ phase, durationMs }];
  });
  const totalMs = phases.reduce((sum, { durationMs }) => sum + durationMs, 0);
  if (totalMs <= 0) return undefined;
  let x = 0;
  const parts = phases.map(({ phase, durationMs }) => {
    const width = (durationMs / totalMs) * 1_000;
    const rect = html`<rect
      class="phase-${phase}"
      x="${x.toFixed(1)}"
      y="0"
      width="${Math.max(width - 3, 2).toFixed(1)}"
      height="10"
    />`;
    x += width;
    return rect;
  });
  const legend = phases.map(
    ({ phase, durationMs }) =>
      html`<li>
        <svg viewBox="0 0 10 10" aria-hidden="true">
          <rect class="phase-${phase}" width="10" height="10" rx="2" /></svg
        >${PHASE_WORDS[phase]} <b>${formatDuration(durationMs)}</b>
      </li>`,
  );
  return html`<svg
      class="phases"
      viewBox="0 0 1000 10"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      ${parts}
    </svg>
    <ul class="legend">
      ${legend}
    </ul>`;
}
