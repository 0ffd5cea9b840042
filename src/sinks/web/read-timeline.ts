import type { DefinitionEntry } from '../../facts/event-log.ts';
import { asEpochMs, type EpochMs } from '../../facts/time.ts';
import { askBriefly, type Kept } from './ask-journal.ts';
import type { HttpAppDeps } from './ports.ts';
import {
  mergeTimeline,
  type Timeline,
  TIMELINE_KINDS,
  type TimelineEvent,
  type TimelineKind,
  type TimelinePart,
} from './timeline.ts';

/** What is asked of each kind. */
interface TimelineSpan {
  /** All if absent. */
  readonly server?: string;
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
}

export interface TimelineFilter extends TimelineSpan {
  /** Default: all. */
  readonly kinds?: readonly TimelineKind[];
}

export interface TimelineAnswer extends Timeline {
  /** Why some kinds are missing. */
  readonly problems: readonly string[];
}

type Deps = Pick<HttpAppDeps, 'alerts' | 'clock' | 'journal'>;

const EVENTS_MAX = 100;
/** A check that finds many changes notes each, and checks that fail are joined. */
const PARTS_MAX = 500;

/** What happened to one server or all, from all that the journal holds; without what does not answer. */
export async function readTimeline(
  deps: Deps,
  { kinds = TIMELINE_KINDS, ...span }: TimelineFilter,
): Promise<TimelineAnswer> {
  const answers: readonly Kept<TimelinePart>[] = await Promise.all(
    kinds.map((each) => askBriefly(deps, () => READERS[each](deps, span))),
  );
  const parts = answers.flatMap((answer) => (answer.ok ? [answer.value] : []));
  const messages = answers.flatMap((answer) => (answer.ok ? [] : [answer.message]));
  return { ...mergeTimeline(parts), problems: [...new Set(messages)] };
}

type TimelineReader = (deps: Deps, span: TimelineSpan) => Promise<TimelinePart>;

const READERS: Readonly<Record<TimelineKind, TimelineReader>> = {
  check: readFailedChecks,
  status: readStatusChanges,
  definition: readDefinitions,
  async marker({ journal }, span) {
    const page = await journal.findMarkers({ ...span, limit: EVENTS_MAX });
    return partOf(page, (marker) => ({ kind: 'marker', atMs: marker.atMs, marker }));
  },
  async action({ journal }, span) {
    const page = await journal.findActions({ ...span, limit: EVENTS_MAX });
    return partOf(page, (action) => ({ kind: 'action', atMs: action.atMs, action }));
  },
  alert: readAlerts,
};

function partOf<Entry>(
  { entries, next }: { readonly entries: readonly Entry[]; readonly next?: string },
  toEvent: (entry: Entry) => TimelineEvent | undefined,
): TimelinePart {
  const events = entries.map(toEvent).filter((event) => event !== undefined);
  return { events, isCut: next !== undefined };
}

async function readFailedChecks({ journal }: Deps, span: TimelineSpan): Promise<TimelinePart> {
  const page = await journal.findServerLog({
    ...span,
    facts: ['check'],
    onlyFailedChecks: true,
    limit: PARTS_MAX,
  });
  return partOf(page, (entry) =>
    entry.fact === 'check'
      ? { kind: 'check', atMs: entry.atMs, check: entry, count: 1, firstAtMs: entry.atMs }
      : undefined,
  );
}

async function readStatusChanges({ journal }: Deps, span: TimelineSpan): Promise<TimelinePart> {
  const page = await journal.findServerLog({ ...span, facts: ['status'], limit: EVENTS_MAX });
  return partOf(page, (entry) =>
    entry.fact === 'status' ? { kind: 'status', atMs: entry.atMs, change: entry } : undefined,
  );
}

/** The changes that one check of a server found are one event. */
async function readDefinitions({ journal }: Deps, span: TimelineSpan): Promise<TimelinePart> {
  const { entries, next } = await journal.findDefinitionChanges({ ...span, limit: PARTS_MAX });
  const checks = Map.groupBy(entries, ({ atMs, server }: DefinitionEntry) => `${atMs} ${server}`);
  const events = [...checks.values()].flatMap((changes): TimelineEvent[] =>
    changes[0] ? [{ kind: 'definition', atMs: changes[0].atMs, changes }] : [],
  );
  return { events, isCut: next !== undefined };
}

/** Start and end of an alert are two events. */
async function readAlerts({ alerts }: Deps, span: TimelineSpan): Promise<TimelinePart> {
  const found = await alerts.find({ ...span, limit: EVENTS_MAX });
  const events = found
    .flatMap((alert): TimelineEvent[] => [
      { kind: 'alert', atMs: alert.startsAtMs, state: 'firing', alert },
      ...(alert.endsAtMs === undefined
        ? []
        : [{ kind: 'alert', atMs: asEpochMs(alert.endsAtMs), state: 'resolved', alert } as const]),
    ])
    .filter(({ atMs }) => atMs >= span.fromMs && atMs <= span.toMs)
    .toSorted((a, b) => b.atMs - a.atMs);
  return { events, isCut: found.length === EVENTS_MAX };
}
