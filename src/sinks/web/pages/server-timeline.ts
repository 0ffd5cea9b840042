import type { DefinitionEntry, MarkerKind } from '../../../facts/event-log.ts';
import type { CapabilityKind } from '../../../facts/capability-snapshot.ts';
import { formatCount, formatInstant } from '../format.ts';
import { type Html, html } from '../html.ts';
import type { TimelineAnswer } from '../read-timeline.ts';
import { TIMELINE_KINDS, type TimelineEvent, type TimelineKind } from '../timeline.ts';
import { alertPath } from './alert-table.ts';
import { chip, type LogColumn, logTable, outcomeBadge } from './elements.ts';
import type { Page } from './layout.ts';
import { severityBadge } from './severity.ts';
import { type ServerFrame, serverTabPage, tabPath } from './server-frame.ts';
import { knownBadge } from './server-log.ts';
import { windowChips, windowText, windowWords } from './time-window.ts';
import { relativeTime, timeWithClock } from './time.ts';

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

const COLUMNS: readonly LogColumn[] = [
  { head: 'When' },
  { head: 'Event' },
  { head: 'What happened', look: 'wide' },
];

function events({ timeline, nowMs, windowMs, toMs }: TimelineContent): Html | false {
  const span = `${windowWords(windowMs)}${toMs === undefined ? '' : ` before ${formatInstant(toMs)}`}`;
  if (timeline.events.length === 0)
    return (
      timeline.problems.length === 0 && html`<p class="muted">Nothing happened in ${span}.</p>`
    );
  const rows = timeline.events.map((event) => {
    const { head, text } = describe(event, nowMs);
    return [timeWithClock(event.atMs, nowMs), head, text];
  });
  return html`<h2>${span[0]?.toUpperCase()}${span.slice(1)} <small>newest first</small></h2>
    ${logTable(COLUMNS, rows)}`;
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

interface Described {
  readonly head: Html;
  readonly text: Html;
}

function describe(event: TimelineEvent, nowMs: number): Described {
  switch (event.kind) {
    case 'check':
      return describeChecks(event, nowMs);
    case 'status': {
      const { from, to, reason } = event.change;
      return {
        head: knownBadge(to),
        text: html`<bdi>${reason}</bdi> <span class="muted">(was ${from})</span>`,
      };
    }
    case 'definition':
      return describeDefinitions(event.changes);
    case 'marker': {
      const { kind, text, by, server } = event.marker;
      return {
        head: html`${MARKER_WORDS[kind]}`,
        text: html`<bdi>${text}</bdi>
          <span class="muted"
            >by <bdi>${by}</bdi>${server === undefined && ', for all servers'}</span
          >`,
      };
    }
    case 'action': {
      const { kind, by, text } = event.action;
      return {
        head: html`Action: ${kind}`,
        text: html`<bdi>${text}</bdi> <span class="muted">by <bdi>${by}</bdi></span>`,
      };
    }
    case 'alert': {
      const { id, alertname, summary, severity } = event.alert;
      return {
        head: html`${severityBadge(severity)} ${event.state}`,
        text: html`<a href="${alertPath(id)}"><bdi>${alertname || 'Unnamed alert'}</bdi></a>
          <bdi>${summary}</bdi>`,
      };
    }
  }
}

const MARKER_WORDS: Readonly<Record<MarkerKind, string>> = {
  deploy: 'Deploy',
  config: 'Configuration',
  note: 'Note',
};

function describeChecks(
  { check, count, firstAtMs }: Extract<TimelineEvent, { kind: 'check' }>,
  nowMs: number,
): Described {
  return {
    head: html`${count === 1 ? 'Check' : `${formatCount(count)} checks`}
    ${outcomeBadge(check.outcome)}`,
    text: html`<bdi>${check.detail}</bdi
      >${count > 1 && html` <span class="muted">(first ${relativeTime(firstAtMs, nowMs, 'ago')})</span>`}`,
  };
}

const KIND_NAMES: Readonly<Record<CapabilityKind, readonly [one: string, many: string]>> = {
  tools: ['tool', 'tools'],
  prompts: ['prompt', 'prompts'],
  resources: ['resource', 'resources'],
  resource_templates: ['resource template', 'resource templates'],
};

function describeDefinitions(changes: readonly DefinitionEntry[]): Described {
  const groups = Map.groupBy(changes, ({ kind, change }) => `${kind} ${change}`);
  const words = [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const [one, many] = KIND_NAMES[first.kind];
    return [`${formatCount(group.length)} ${group.length === 1 ? one : many} ${first.change}`];
  });
  const parts = changes.map(
    ({ kind, change, name, difference }) =>
      html`<p>
          ${KIND_NAMES[kind][0]} <code><bdi>${name}</bdi></code> ${change}
        </p>
        ${difference !== '' && html`<pre class="diff" tabindex="0">${diffLines(difference)}</pre>`}`,
  );
  return {
    head: html`Definitions`,
    text: html`<details id="definitions-${changes[0]?.id ?? 0}">
      <summary>${words.join(', ')}</summary>
      ${parts}
    </details>`,
  };
}

function diffLines(difference: string): readonly Html[] {
  return difference.split('\n').map((line) => {
    const look = line.startsWith('+') ? 'is-healthy' : line.startsWith('-') && 'is-offline';
    return look ? html`<span class="${look}">${line}</span>${'\n'}` : html`${line}${'\n'}`;
  });
}
