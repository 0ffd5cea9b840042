import type { CheckReport } from '../../../facts/check-report.ts';
import { type Phase, PHASES } from '../../../facts/probe-outcome.ts';
import { formatDuration } from '../format.ts';
import { type Html, html } from '../html.ts';

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
