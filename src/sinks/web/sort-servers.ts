import type { ServerView } from '../../facts/ports/server-view.ts';
import type { ServerUptime } from '../../facts/server-uptime.ts';
import { compareNames, sortWorstFirst } from './select-servers.ts';
import type { ConnectionsByServer } from './server-connections.ts';
import type { TrafficByServer } from './server-traffic.ts';

/** What the grid can be sorted by; the first is the worst status first. */
export const GRID_SORTS = [
  'status',
  'name',
  'response',
  'uptime',
  'requests',
  'errors',
  'cost',
  'connections',
] as const;
export type GridSort = (typeof GRID_SORTS)[number];

export interface GridFigures {
  readonly uptimes: ReadonlyMap<string, ServerUptime>;
  readonly traffic: TrafficByServer;
  readonly connections: ConnectionsByServer;
}

/** What needs attention comes first: the slowest, the lowest uptime, the most requests, errors and cost; what is not known comes last. */
export function sortServers(
  views: readonly ServerView[],
  sort: GridSort,
  figures: GridFigures,
): readonly ServerView[] {
  if (sort === 'status') return sortWorstFirst(views);
  const ranked = views.map((view) => ({ view, rank: rankOf(view, sort, figures) }));
  return ranked
    .toSorted((a, b) => b.rank - a.rank || compareNames(a.view.name, b.view.name))
    .map(({ view }) => view);
}

function rankOf(
  view: ServerView,
  sort: GridSort,
  { uptimes, traffic, connections }: GridFigures,
): number {
  const calls = traffic.get(view.name);
  switch (sort) {
    case 'status':
    case 'name':
      return 0;
    case 'response':
      return view.responseTimeMs ?? -1;
    case 'uptime': {
      const uptime = uptimes.get(view.name);
      const ratio = uptime ? uptime.dayRatio : view.uptimeRatio;
      return ratio === undefined ? -1 : 1 - ratio;
    }
    case 'requests':
      return calls?.requestsPerMinute ?? -1;
    case 'errors':
      return calls && calls.counted > 0 ? calls.failures / calls.counted : -1;
    case 'cost':
      return calls?.costUsd ?? -1;
    case 'connections':
      return connections.get(view.name) ?? -1;
  }
}
