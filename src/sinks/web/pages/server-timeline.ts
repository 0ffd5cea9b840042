import { formatInstant } from '../format.ts';
import { type Html, html } from '../html.ts';
import type { TimelineAnswer } from '../read-timeline.ts';
import { TIMELINE_KINDS, type TimelineKind } from '../timeline.ts';
import { chip } from './elements.ts';
import type { Page } from './layout.ts';
import { type ServerFrame, serverTabPage, tabPath } from './server-frame.ts';
import { windowChips, windowText, windowWords } from './time-window.ts';
import { timelineTable } from './timeline-table.ts';

export interface TimelineContent extends ServerFrame {
  readonly timeline: TimelineAnswer;
  /** All if absent. */
  readonly kind?: TimelineKind;
  readonly windowMs: number;
  /** The end of the time that is shown, unless it is now. */
  readonly toMs?: number;
}

const KIND_WORDS: Readonly<Record<TimelineKind, string>> = {
  check: 'Failed checks',
  status: 'Status',
  definition: 'Definitions',
  marker: 'Deploys and changes',
  action: 'Actions',
  alert: 'Alerts',
};

/** What happened to a server, newest first. */
export function timelineTab(content: TimelineContent): Page {
  const { detail, kind, windowMs, timeline } = content;
  const path = (windowMsOf: number, kindOf: TimelineKind | undefined): string =>
    tabPath(detail.name, 'timeline', { window: windowText(windowMsOf), kind: kindOf });
  const page = serverTabPage(
    content,
    'timeline',
    html`<div class="tools">
        <nav class="chips" aria-label="Filter by kind">
          ${chip(path(windowMs, undefined), kind === undefined, 'All')}
          ${TIMELINE_KINDS.map((each) => chip(path(windowMs, each), each === kind, KIND_WORDS[each]))}
        </nav>
        <nav class="chips" aria-label="Time range">
          ${windowChips(windowMs, (spanMs) => path(spanMs, kind))}
        </nav>
      </div>
      <section id="timeline" class="card pad" data-region aria-label="Timeline">
        ${timeline.problems.map((problem) => html`<p class="muted"><bdi>${problem}</bdi></p>`)}
        ${events(content)} ${older(content)}
      </section>`,
  );
  // An opened difference would close with every reload.
  return { ...page, keepsInput: true };
}

function events({ timeline, nowMs, windowMs, toMs }: TimelineContent): Html | false {
  const span = `${windowWords(windowMs)}${toMs === undefined ? '' : ` before ${formatInstant(toMs)}`}`;
  if (timeline.events.length === 0)
    return (
      timeline.problems.length === 0 && html`<p class="muted">Nothing happened in ${span}.</p>`
    );
  return html`<h2>${span[0]?.toUpperCase()}${span.slice(1)} <small>newest first</small></h2>
    ${timelineTable(timeline.events, nowMs)}`;
}

function older({ detail, kind, windowMs, timeline }: TimelineContent): Html | false {
  if (timeline.olderToMs === undefined) return false;
  const path = tabPath(detail.name, 'timeline', {
    window: windowText(windowMs),
    kind,
    to: new Date(timeline.olderToMs).toISOString(),
  });
  return html`<p class="remark"><a href="${path}">Older events</a></p>`;
}
