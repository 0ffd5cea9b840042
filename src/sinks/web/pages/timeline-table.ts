import type { DefinitionEntry, MarkerKind } from '../../../facts/event-log.ts';
import type { CapabilityKind } from '../../../facts/capability-snapshot.ts';
import { formatCount } from '../format.ts';
import { type Html, html } from '../html.ts';
import type { TimelineEvent } from '../timeline.ts';
import { alertPath } from './alert-table.ts';
import { type LogColumn, logTable, noValue, outcomeBadge } from './elements.ts';
import { serverPath } from './landing-page.ts';
import { severityBadge } from './severity.ts';
import { knownBadge } from './server-log.ts';
import { relativeTime, timeWithClock } from './time.ts';

const WHEN: LogColumn = { head: 'When' };
const EVENT: readonly LogColumn[] = [{ head: 'Event' }, { head: 'What happened', look: 'wide' }];

/** What happened to one server. */
export function timelineTable(events: readonly TimelineEvent[], nowMs: number): Html {
  const rows = events.map((event) => [timeWithClock(event.atMs, nowMs), ...cells(event, nowMs)]);
  return logTable([WHEN, ...EVENT], rows);
}

/** What happened to several servers. */
export function fleetTimelineTable(events: readonly TimelineEvent[], nowMs: number): Html {
  const rows = events.map((event) => [
    timeWithClock(event.atMs, nowMs),
    serverCell(serverOf(event)),
    ...cells(event, nowMs),
  ]);
  return logTable([WHEN, { head: 'Server' }, ...EVENT], rows);
}

function cells(event: TimelineEvent, nowMs: number): readonly Html[] {
  const { head, text } = describe(event, nowMs);
  return [head, text];
}

function serverCell(server: string): Html {
  return server === ''
    ? noValue('All servers')
    : html`<a href="${serverPath(server)}"><bdi>${server}</bdi></a>`;
}

/** @returns empty for what concerns all, or none in particular */
function serverOf(event: TimelineEvent): string {
  switch (event.kind) {
    case 'check':
      return event.check.server;
    case 'status':
      return event.change.server;
    case 'definition':
      return event.changes[0]?.server ?? '';
    case 'marker':
      return event.marker.server ?? '';
    case 'action':
      return event.action.server;
    case 'alert':
      return event.alert.server;
  }
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
