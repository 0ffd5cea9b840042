import type { ServerView } from '../../../facts/ports/server-view.ts';
import { type Html, html } from '../html.ts';
import { labelNames, type LabelFilter, type ServerFilter } from '../select-servers.ts';
import type { GridSort } from '../sort-servers.ts';
import { chip } from './elements.ts';

/** What the address of the start page says about its content. */
export interface GridAddress {
  readonly filter: ServerFilter;
  /** Name of the label that rows are grouped by; empty: not grouped. */
  readonly groupBy: string;
  readonly sort: GridSort;
}

/** The start page with other filters or groups; the order of the parameters is always the same. */
export function gridPath({ filter, groupBy, sort }: GridAddress): string {
  const query = new URLSearchParams();
  if (filter.statuses.length > 0) query.set('status', filter.statuses.join(','));
  for (const { name, value } of filter.labels) query.append('label', `${name}=${value}`);
  if (filter.search !== '') query.set('search', filter.search);
  if (groupBy !== '') query.set('group', groupBy);
  if (sort !== 'status') query.set('sort', sort);
  return query.size > 0 ? `/?${query.toString()}` : '/';
}

/** The fields that keep the rest of the address when the search form is sent. */
export function keptFields({ filter, groupBy, sort }: GridAddress): readonly (Html | false)[] {
  return [
    filter.statuses.length > 0 &&
      html`<input type="hidden" name="status" value="${filter.statuses.join(',')}" />`,
    ...filter.labels.map(
      ({ name, value }) => html`<input type="hidden" name="label" value="${name}=${value}" />`,
    ),
    groupBy !== '' && html`<input type="hidden" name="group" value="${groupBy}" />`,
    sort !== 'status' && html`<input type="hidden" name="sort" value="${sort}" />`,
  ];
}

/** How to group, and which labels are filtered by; nothing if no server has a label. */
export function labelControls(views: readonly ServerView[], address: GridAddress): Html | false {
  const { filter, groupBy } = address;
  const names = labelNames(views);
  if (names.length === 0 && filter.labels.length === 0 && groupBy === '') return false;
  const groupChips = ['', ...names].map((name) =>
    chip(
      gridPath({ ...address, groupBy: name }),
      name === groupBy,
      name === '' ? 'No groups' : name,
    ),
  );
  const filterChips = filter.labels.map((removed) => {
    const labels = filter.labels.filter((label) => label !== removed);
    return chip(
      gridPath({ ...address, filter: { ...filter, labels } }),
      true,
      html`${labelText(removed)} <span aria-hidden="true">×</span
        ><span class="unseen">, remove this filter</span>`,
    );
  });
  return html`<span class="muted">Group by</span> ${groupChips}
    ${filterChips.length > 0 && html`<span class="muted">Only</span> ${filterChips}`}`;
}

function labelText({ name, value }: LabelFilter): string {
  return value === '' ? `no ${name}` : `${name}: ${value}`;
}

/** The labels of a server; each leads to the servers that have it too. */
export function labelList({ labels }: ServerView, address: GridAddress): Html | false {
  const entries = Object.entries(labels);
  if (entries.length === 0) return false;
  const items = entries.map(([name, value]) => {
    const others = address.filter.labels.filter((label) => label.name !== name);
    const filter = { ...address.filter, labels: [...others, { name, value }] };
    return html`<a class="label" href="${gridPath({ ...address, filter })}"
      >${name}: <bdi>${value}</bdi></a
    >`;
  });
  return html`<span class="labels">${items}</span>`;
}
