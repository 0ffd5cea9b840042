import { type Html, html } from '../html.ts';
import type { ConnectionsByServer } from '../server-connections.ts';
import type { TrafficByServer } from '../server-traffic.ts';
import type { GridSort } from '../sort-servers.ts';
import { chip, columnHead } from './elements.ts';
import { type GridAddress, gridPath } from './label-controls.ts';

/** What decides which columns there are, and where their heads lead to. */
export interface GridShape extends GridAddress {
  readonly traffic: TrafficByServer;
  readonly connections: ConnectionsByServer;
}

/** Those with `sort` lead to the rows in its order. */
interface GridColumn {
  readonly head: string;
  readonly look?: string;
  readonly title?: string;
  readonly sort?: GridSort;
  /** Without it there is nothing to show. */
  readonly needs?: 'traffic' | 'connections';
}

const GRID_COLUMNS: readonly GridColumn[] = [
  { head: 'Status', sort: 'status' },
  { head: 'Server', sort: 'name' },
  { head: 'Endpoint', look: 'endpoint' },
  {
    head: 'Response time',
    look: 'num',
    title: 'Mean of the checks of the last minute, from request to answer',
    sort: 'response',
  },
  { head: 'Last check', look: 'num' },
  {
    head: 'Uptime',
    look: 'num',
    title:
      'Share of the last 24 hours in which the server was not Offline; disabled, in maintenance or not observed counts as neither',
    sort: 'uptime',
  },
  { head: 'Tools', look: 'num' },
  {
    head: 'Connections',
    look: 'num traffic',
    title: 'Of clients at the gateway now: sessions, open streams and calls without a session',
    sort: 'connections',
    needs: 'connections',
  },
  {
    head: 'Requests/min',
    look: 'num traffic',
    title: 'Calls of clients, mean of the last five to ten minutes',
    sort: 'requests',
    needs: 'traffic',
  },
  {
    head: 'Errors',
    look: 'num traffic',
    title: 'Share of calls that failed on the side of the server, last 24 hours',
    sort: 'errors',
    needs: 'traffic',
  },
  {
    head: 'Cost',
    look: 'num traffic',
    title: 'Estimated cost of the calls of 24 hours',
    sort: 'cost',
    needs: 'traffic',
  },
];

export function shownColumns(content: GridShape): readonly GridColumn[] {
  return GRID_COLUMNS.filter(({ needs }) => needs === undefined || content[needs].size > 0);
}

export function gridHeads(content: GridShape): readonly Html[] {
  return shownColumns(content).map(({ head, look, title, sort }) => {
    if (sort === undefined) return columnHead(head, look, title);
    const link = html`<a href="${gridPath({ ...content, sort })}">${head}</a>`;
    const order = sort === 'name' ? 'ascending' : 'descending';
    return columnHead(link, look, title, sort === content.sort ? order : undefined);
  });
}

/** On a phone the columns have no heads. */
export function sortChips(content: GridShape): Html {
  const choices = shownColumns(content).flatMap(({ head, sort }) =>
    sort === undefined ? [] : [chip(gridPath({ ...content, sort }), sort === content.sort, head)],
  );
  return html`<nav id="sorts" class="chips sorts" data-region aria-label="Sort by">
    <span class="muted">Sort by</span> ${choices}
  </nav>`;
}
