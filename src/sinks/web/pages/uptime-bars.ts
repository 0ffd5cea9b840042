import type { ServerUptime, UptimeBar } from '../../../facts/server-uptime.ts';
import { formatInstant, formatRatio } from '../format.ts';
import { type Html, html } from '../html.ts';
import { emptySection } from './elements.ts';
import { absoluteTime } from './time.ts';

const HEIGHT = 28;
const SLOT_WIDTH = 8;
const BAR_WIDTH = 6;
/** So that a few minutes of a day are seen. */
const LOWEST = 3;

/** One bar per hour or day, newest on the right: from below what was up, above it what was down; unknown time is empty. */
export function uptimeBars(bars: readonly UptimeBar[], label: string): Html {
  return html`<svg
    class="chart uptime"
    viewBox="0 0 ${Math.max(1, bars.length * SLOT_WIDTH - 2)} ${HEIGHT}"
    preserveAspectRatio="none"
    role="img"
    aria-label="${label}: ${describe(bars)}"
  >
    ${bars.map(uptimeBar)}
  </svg>`;
}

function uptimeBar(bar: UptimeBar, slot: number): Html {
  const { fromMs, upMs, downMs } = bar;
  const knownMs = upMs + downMs;
  const down = downMs === 0 ? 0 : Math.max(LOWEST, (HEIGHT * downMs) / knownMs);
  const x = slot * SLOT_WIDTH;
  const rect = (name: string, y: number, height: number): Html =>
    html`<rect
      class="${name}"
      x="${x}"
      y="${y.toFixed(1)}"
      width="${BAR_WIDTH}"
      height="${height.toFixed(1)}"
    />`;
  return html`<g
    ><title>${formatInstant(fromMs)}: ${wordsOf(bar)}</title>${
      knownMs === 0
        ? rect('slot', HEIGHT - LOWEST, LOWEST)
        : [
            downMs > 0 && rect('fill-offline', 0, down),
            upMs > 0 && rect('fill-healthy', down, HEIGHT - down),
          ]
    }</g
  >`;
}

function wordsOf({ upMs, downMs }: Pick<UptimeBar, 'upMs' | 'downMs'>): string {
  return upMs + downMs === 0 ? 'not known' : `${formatRatio(upMs / (upMs + downMs))} up`;
}

function describe(bars: readonly UptimeBar[]): string {
  const upMs = bars.reduce((sum, bar) => sum + bar.upMs, 0);
  const downMs = bars.reduce((sum, bar) => sum + bar.downMs, 0);
  return wordsOf({ upMs, downMs });
}

/** The content of the section of a server's page. */
export function uptimeSection(uptime: ServerUptime | undefined): Html {
  if (uptime?.knownSinceMs === undefined) return emptySection('Uptime', 'Not known yet.');
  const { dayRatio, weekRatio, monthRatio, hours, days } = uptime;
  const ratio = (value: number | undefined): string =>
    value === undefined ? 'not known' : formatRatio(value);
  return html`<h2>
      Uptime
      <small
        >known since ${absoluteTime(uptime.knownSinceMs)}; disabled, in maintenance or not observed
        counts as neither</small
      >
    </h2>
    <p>24 hours: <b>${ratio(dayRatio)}</b></p>
    ${uptimeBars(hours, 'Last 24 hours')}
    <p>7 days: <b>${ratio(weekRatio)}</b> · 30 days: <b>${ratio(monthRatio)}</b></p>
    ${uptimeBars(days, 'Last 30 days')}`;
}
