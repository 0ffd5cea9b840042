import type { AlertState } from '../../facts/alert-event.ts';
import type { ActionLogEntry, DefinitionEntry, MarkerEntry } from '../../facts/event-log.ts';
import type { AlertRecord } from '../../facts/ports/alert-store.ts';
import type { CheckEntry, StatusEntry } from '../../facts/server-log.ts';
import type { EpochMs } from '../../facts/time.ts';

export const TIMELINE_KINDS = [
  'check',
  'status',
  'definition',
  'marker',
  'action',
  'alert',
] as const;
export type TimelineKind = (typeof TIMELINE_KINDS)[number];

/** Something that happened to a server. */
export type TimelineEvent = { readonly atMs: EpochMs } & (
  | {
      readonly kind: 'check';
      /** The newest of failed checks with the same outcome and nothing else between them. */
      readonly check: CheckEntry;
      readonly count: number;
      readonly firstAtMs: EpochMs;
    }
  | { readonly kind: 'status'; readonly change: StatusEntry }
  | { readonly kind: 'definition'; readonly changes: readonly DefinitionEntry[] }
  | { readonly kind: 'marker'; readonly marker: MarkerEntry }
  | { readonly kind: 'action'; readonly action: ActionLogEntry }
  | { readonly kind: 'alert'; readonly state: AlertState; readonly alert: AlertRecord }
);

/** Events of one kind, newest first. */
export interface TimelinePart {
  readonly events: readonly TimelineEvent[];
  /** Whether there are older ones in the time that was asked for. */
  readonly isCut: boolean;
}

export interface Timeline {
  /** Newest first. */
  readonly events: readonly TimelineEvent[];
  /** The next page has what happened until then; absent on the last one. */
  readonly olderToMs?: number;
}

/** Merges the kinds. Events from before the oldest one of a part that was cut wait for the next page, so that none is missing between others. */
export function mergeTimeline(parts: readonly TimelinePart[]): Timeline {
  const cut = parts.filter(({ isCut, events }) => isCut && events.length > 0);
  const horizonMs = Math.max(...cut.map(({ events }) => events.at(-1)?.atMs ?? 0), -1);
  const all = parts.flatMap(({ events }) => events).toSorted((a, b) => b.atMs - a.atMs);
  const complete = all.filter(({ atMs }) => atMs > horizonMs);
  // More events at one moment than a part may have: shown as far as they were read.
  const shown = complete.length > 0 ? complete : all.filter(({ atMs }) => atMs === horizonMs);
  const last = shown.at(-1);
  return {
    events: joinChecks(shown),
    ...(last && cut.length > 0 && { olderToMs: last.atMs - 1 }),
  };
}

function joinChecks(events: readonly TimelineEvent[]): readonly TimelineEvent[] {
  const joined: TimelineEvent[] = [];
  for (const event of events) {
    const newer = joined.at(-1);
    if (
      event.kind === 'check' &&
      newer?.kind === 'check' &&
      newer.check.outcome === event.check.outcome
    )
      joined[joined.length - 1] = { ...newer, count: newer.count + 1, firstAtMs: event.atMs };
    else joined.push(event);
  }
  return joined;
}
