import type { EventPage, MarkerEntry } from '../../../facts/event-log.ts';
import type { ServerLogPage } from '../../../facts/server-log.ts';
import type { EpochMs } from '../../../facts/time.ts';
import type { Kept } from '../ask-journal.ts';
import { type Html, html, type HtmlValue } from '../html.ts';
import { emptySection, type LogColumn, logTable, noValue } from './elements.ts';
import { serverPath } from './landing-page.ts';
import { knownBadge } from './server-log.ts';
import { relativeTime } from './time.ts';

const TITLE = 'What changed';

const COLUMNS: readonly LogColumn[] = [
  { head: 'When' },
  { head: 'Event' },
  { head: 'Server' },
  { head: 'Detail', look: 'wide' },
];

interface Happening {
  readonly atMs: EpochMs;
  readonly server: string;
  readonly what: HtmlValue;
  readonly text: string;
}

/** Markers and changes of the status in one list, newest first. */
export function happenings(
  markers: Kept<EventPage<MarkerEntry>>,
  changes: Kept<ServerLogPage>,
  nowMs: EpochMs,
): Html {
  const trouble = [markers, changes].find(({ ok }) => !ok);
  if (trouble && !trouble.ok) return emptySection(TITLE, trouble.message);
  const all = [
    ...(markers.ok ? markers.value.entries.map(ofMarker) : []),
    ...(changes.ok ? changes.value.entries.flatMap(ofEntry) : []),
  ].toSorted((one, other) => other.atMs - one.atMs);
  if (all.length === 0)
    return emptySection(TITLE, 'No deploys, changes of the configuration or of a status.');
  const isCut =
    (markers.ok && markers.value.next !== undefined) ||
    (changes.ok && changes.value.next !== undefined);
  const rows = all.map(({ atMs, server, what, text }) => [
    relativeTime(atMs, nowMs, 'ago'),
    what,
    server === '' ? noValue('All servers') : serverLink(server),
    html`<bdi>${text}</bdi>`,
  ]);
  return html`<h2>
      ${TITLE} <small>deploys, configuration, notes and statuses${isCut && ', the newest'}</small>
    </h2>
    ${logTable(COLUMNS, rows)}`;
}

function serverLink(server: string): Html {
  return html`<a href="${serverPath(server)}"><bdi>${server}</bdi></a>`;
}

function ofMarker({ atMs, kind, text, server = '', by }: MarkerEntry): Happening {
  return { atMs, server, what: kind, text: `${text} (${by})` };
}

function ofEntry(entry: ServerLogPage['entries'][number]): readonly Happening[] {
  if (entry.fact !== 'status') return [];
  const { atMs, server, to, reason } = entry;
  return [{ atMs, server, what: knownBadge(to), text: reason }];
}
