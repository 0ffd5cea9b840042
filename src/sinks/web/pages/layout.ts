import type { Assets } from '../assets.ts';
import { type Html, html } from '../html.ts';
import { relativeTime } from './time.ts';

/** What every page shows around its content. */
export interface Frame {
  readonly assets: Assets;
  readonly version: string;
  readonly uptimeMs: number;
  readonly nowMs: number;
}

export interface Page {
  readonly title: string;
  readonly main: Html;
  /** What the page follows: `*` for every server, a name for one, empty for none; absent for a page that never changes. */
  readonly live?: string;
  /** Whether the page changes with every alert. */
  readonly followsAlerts?: boolean;
  /** Whether someone may be typing in it, or have opened parts of it: without JavaScript it is then not reloaded. */
  readonly keepsInput?: boolean;
}

const REFRESH_WITHOUT_SCRIPT_SECONDS = 15;

const NAVIGATION = html`<nav aria-label="Endpoints">
  <a href="/alerts">Alerts</a>
  <a href="/audit">Calls</a>
  <a href="/errors">Errors</a>
  <a href="/maintenance">Maintenance</a>
  <a href="/metrics">Metrics</a>
  <a href="/health">Health</a>
  <a href="/sd/servers">Discovery</a>
  <a href="/api/v1/mcp/servers">API</a>
  <a href="/docs">Docs</a>
</nav>`;

/** Shown by the script that it switches. */
const LIVE_SWITCH = html`<button
  id="live"
  type="button"
  class="live"
  role="switch"
  aria-checked="true"
  title="Live updates of this page; this browser remembers the choice"
  hidden
>
  Connecting
</button>`;

/** Screen readers read out what is added, not how old it becomes. */
const MESSAGES = html`<div
  id="toasts"
  class="toasts"
  role="log"
  aria-live="polite"
  aria-relevant="additions"
  aria-label="Messages"
></div>`;

/** A whole document as text. */
export function renderPage(frame: Frame, page: Page): string {
  const { assets, version } = frame;
  const isLive = page.live !== undefined;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${page.title}</title>
        <link rel="icon" href="${assets['icon.svg'].url}" type="image/svg+xml" />
        <link rel="stylesheet" href="${assets['style.css'].url}" />
        ${
          isLive &&
          html`${
            !page.keepsInput &&
            html`<noscript
              ><meta http-equiv="refresh" content="${REFRESH_WITHOUT_SCRIPT_SECONDS}"
            /></noscript>`
          } `
        }
        <script type="module" src="${assets['page.js'].url}"></script>
      </head>
      <body data-now="${new Date(frame.nowMs).toISOString()}">
        <a class="skip" href="#main">Skip to content</a>
        <header class="top">
          <div class="wrap">
            <a class="brand" href="/"
              ><svg viewBox="0 0 24 24" aria-hidden="true">
                <path d="M2 13h4l3-8 5 14 3-9 1.5 3H22" /></svg
              >mcp-exporter</a
            >
            <span class="version">${version}</span>
            ${NAVIGATION} ${isLive && LIVE_SWITCH}
          </div>
        </header>
        ${isLive && html`<div id="gone" class="gone" role="alert" hidden></div>`}
        <main
          id="main"
          class="wrap"
          ${page.live !== undefined && html` data-live="${page.live}"`}
          ${page.followsAlerts && html` data-alerts`}
        >
          ${page.main}
        </main>
        <footer class="wrap bottom">
          <span
            >Up for ${relativeTime(frame.nowMs - frame.uptimeMs, frame.nowMs, 'for')}.
            <span id="zone">Times are UTC.</span></span
          >
        </footer>
        ${isLive && MESSAGES}
      </body>
    </html> `.markup;
}
