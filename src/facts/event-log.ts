import type { ActionKind } from './alert-event.ts';
import type { CapabilityKind, DefinitionChange } from './capability-snapshot.ts';
import type { EpochMs } from './time.ts';

/** What pages of definition changes, markers and actions have in common. */
export interface EventFilter {
  /** Events of this server only; markers without a server are included, since they concern all. */
  readonly server?: string;
  /** Part of the text; case is ignored for ASCII letters. */
  readonly search?: string;
  readonly fromMs?: EpochMs;
  readonly toMs?: EpochMs;
  /** `next` of the previous page. */
  readonly cursor?: string;
  /** 1 to 500. */
  readonly limit: number;
}

/** Newest first. */
export interface EventPage<Entry> {
  readonly entries: readonly Entry[];
  /** Absent on the last page. */
  readonly next?: string;
  /** Entries that pass the filter, regardless of the cursor; at most `EVENTS_COUNTED_MAX`. */
  readonly total: number;
}

/** Beyond this many, events are no longer counted. */
export const EVENTS_COUNTED_MAX = 10_000;

/** One definition that a server added, removed or changed. */
export interface DefinitionEntry {
  readonly id: number;
  readonly atMs: EpochMs;
  readonly server: string;
  readonly kind: CapabilityKind;
  readonly change: DefinitionChange['change'];
  readonly name: string;
  /** The lines that differ, as a unified diff without a header, each beginning with `+`, `-` or a space. */
  readonly difference: string;
}

export interface DefinitionFilter extends EventFilter {
  readonly kinds?: readonly CapabilityKind[];
  readonly changes?: readonly DefinitionChange['change'][];
}

export const MARKER_KINDS = ['deploy', 'config', 'note'] as const;
export type MarkerKind = (typeof MARKER_KINDS)[number];

/** Something that may explain what happens afterwards. */
export interface Marker {
  readonly atMs: EpochMs;
  readonly kind: MarkerKind;
  readonly text: string;
  /** Absent if it concerns all. */
  readonly server?: string;
  /** Who set it, as far as it is known. */
  readonly by: string;
}

/** A marker was saved. Published by the application; read by the metrics and the log. */
export interface MarkerSaved {
  readonly fact: 'marker';
  readonly marker: Marker;
}

export interface MarkerEntry extends Marker {
  readonly id: number;
}

export interface MarkerFilter extends EventFilter {
  readonly kinds?: readonly MarkerKind[];
}

/** What somebody did. */
export interface ActionLogEntry {
  readonly id: number;
  readonly atMs: EpochMs;
  readonly kind: ActionKind;
  /** Empty if it concerned none. */
  readonly server: string;
  readonly alertId?: number;
  readonly by: string;
  /** The reason or the note; may be empty. */
  readonly text: string;
  /** When it ends by itself. */
  readonly untilMs?: EpochMs;
}

export interface ActionFilter extends EventFilter {
  readonly kinds?: readonly ActionKind[];
}
