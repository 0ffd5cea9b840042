import { type Status, STATUSES } from '../../facts/rules/health.ts';
import type { ServerView } from '../../facts/ports/server-view.ts';

export interface ServerFilter {
  /** Empty: all. */
  readonly statuses: readonly Status[];
  /** Part of the name or the endpoint, case ignored. */
  readonly search: string;
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
      (search === '' ||
        view.name.toLowerCase().includes(search) ||
        view.endpoint.toLowerCase().includes(search)),
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
