import { type Status, STATUSES } from '../../facts/rules/health.ts';
import type { ServerView } from '../../facts/ports/server-view.ts';

export interface ServerFilter {
  /** Empty: all. */
  readonly statuses: readonly Status[];
  /** Part of the name, the endpoint or a label (`team=search`), case ignored. */
  readonly search: string;
  /** All of them must match; an empty value matches servers without the label. */
  readonly labels: readonly LabelFilter[];
}

export interface LabelFilter {
  readonly name: string;
  readonly value: string;
}

/** The most urgent first. */
const WORST_FIRST: Readonly<Record<Status, number>> = {
  offline: 0,
  critical: 1,
  warning: 2,
  unknown: 3,
  healthy: 4,
  disabled: 5,
};

export const STATUSES_WORST_FIRST: readonly Status[] = STATUSES.toSorted(
  (a, b) => WORST_FIRST[a] - WORST_FIRST[b],
);

export function selectServers(
  views: readonly ServerView[],
  filter: ServerFilter,
): readonly ServerView[] {
  const search = filter.search.trim().toLowerCase();
  return views.filter(
    (view) =>
      (filter.statuses.length === 0 || filter.statuses.includes(view.status)) &&
      filter.labels.every(({ name, value }) => labelOf(view, name) === value) &&
      (search === '' || textsOf(view).some((text) => text.toLowerCase().includes(search))),
  );
}

function textsOf({ name, endpoint, labels }: ServerView): readonly string[] {
  return [name, endpoint, ...Object.entries(labels).map((label) => label.join('='))];
}

/** Empty if the server has no such label. */
function labelOf({ labels }: ServerView, name: string): string {
  return Object.hasOwn(labels, name) ? (labels[name] ?? '') : '';
}

export function labelNames(views: readonly ServerView[]): readonly string[] {
  return [...new Set(views.flatMap(({ labels }) => Object.keys(labels)))].toSorted(compareNames);
}

/** Servers by the value of a label, in the order of the values; those without the label come last, with an empty value. */
export function groupByLabel(
  views: readonly ServerView[],
  name: string,
): readonly (readonly [value: string, views: readonly ServerView[]])[] {
  return [...Map.groupBy(views, (view) => labelOf(view, name))].toSorted(
    ([a], [b]) => Number(a === '') - Number(b === '') || compareNames(a, b),
  );
}

/** By code unit, so that the order is the same on every machine. */
export function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export function sortWorstFirst(views: readonly ServerView[]): readonly ServerView[] {
  return views.toSorted(
    (a, b) => WORST_FIRST[a.status] - WORST_FIRST[b.status] || compareNames(a.name, b.name),
  );
}

export function countByStatus(views: readonly ServerView[]): Record<Status, number> {
  const counts: Record<Status, number> = {
    healthy: 0,
    warning: 0,
    critical: 0,
    offline: 0,
    disabled: 0,
    unknown: 0,
  };
  for (const view of views) counts[view.status] += 1;
  return counts;
}
