import type { CallSummary } from '../../../facts/call-log.ts';
import { formatShare } from '../../../facts/rules/rate-window.ts';
import { formatCount, formatDuration, formatUsd } from '../format.ts';
import { type Html, html, type HtmlValue } from '../html.ts';
import { noValue } from './elements.ts';
import { relativeTime } from './time.ts';

/** What a table of calls can be sorted by; also its columns. */
export const CALL_SORTS = [
  'calls',
  'errors',
  'error_share',
  'p50',
  'p95',
  'tokens',
  'cost',
  'last_call',
] as const;
export type CallSort = (typeof CALL_SORTS)[number];

interface CallColumn {
  readonly head: string;
  readonly title?: string;
  /** The highest first; what has none comes last. */
  readonly valueOf: (sum: CallSummary) => number | undefined;
  readonly show: (value: number, nowMs: number) => HtmlValue;
}

const COLUMNS: Readonly<Record<CallSort, CallColumn>> = {
  calls: { head: 'Calls', valueOf: ({ calls }) => calls, show: formatCount },
  errors: {
    head: 'Errors',
    title: 'Calls that failed on the side of the server',
    valueOf: ({ failures }) => failures,
    show: formatCount,
  },
  error_share: {
    head: 'Error %',
    title: 'Share of errors; calls that were refused or cancelled count as neither',
    valueOf: ({ failures, counted }) => (counted === 0 ? undefined : failures / counted),
    show: (value) => formatShare(value, 1),
  },
  p50: { head: 'p50', title: 'Half of the calls took less', ...duration('p50Ms') },
  p95: { head: 'p95', title: '95 % of the calls took less', ...duration('p95Ms') },
  tokens: { head: 'Tokens', valueOf: ({ tokens }) => tokens, show: formatCount },
  cost: { head: 'Cost', valueOf: ({ costUsd }) => costUsd, show: formatUsd },
  last_call: {
    head: 'Last call',
    valueOf: ({ lastAtMs }) => lastAtMs,
    show: (atMs, nowMs) => relativeTime(atMs, nowMs, 'ago'),
  },
};

function duration(figure: 'p50Ms' | 'p95Ms'): Pick<CallColumn, 'valueOf' | 'show'> {
  return { valueOf: (sum) => sum[figure], show: formatDuration };
}

export function sortWord(sort: CallSort): string {
  return COLUMNS[sort].head;
}

export interface CallTable {
  readonly caption: string;
  /** Of the column with the keys. */
  readonly head: string;
  readonly sums: readonly CallSummary[];
  readonly columns: readonly CallSort[];
  readonly sort: CallSort;
  readonly nowMs: number;
  /** To the calls of one key. */
  readonly callsPath: (key: string) => string;
  readonly errorsPath: (key: string) => string;
}

/** Rows of one table; servers with more tools are rare. */
const ROWS_MAX = 200;

/** Calls summed up by a key, one row each. */
export function callTable(table: CallTable): Html {
  const { caption, head, columns, sort } = table;
  const sorted = sortCalls(table.sums, sort);
  const shown = sorted.slice(0, ROWS_MAX);
  return html`<div class="card">
      <table class="grid calls" role="table">
        <caption class="unseen">
          ${caption}
        </caption>
        <thead role="rowgroup">
          <tr role="row">
            <th scope="col" role="columnheader">${head}</th>
            ${columns.map((column) => columnOf(column, sort))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          ${shown.map((sum) => row(sum, table))}
        </tbody>
      </table>
    </div>
    ${shown.length < sorted.length && html`<p class="remark">The first ${formatCount(shown.length)} of ${formatCount(sorted.length)}.</p>`}`;
}

/** The highest first, then by name. */
function sortCalls(sums: readonly CallSummary[], sort: CallSort): readonly CallSummary[] {
  const { valueOf } = COLUMNS[sort];
  return sums.toSorted(
    (a, b) => (valueOf(b) ?? -1) - (valueOf(a) ?? -1) || (a.key < b.key ? -1 : 1),
  );
}

function columnOf(column: CallSort, sort: CallSort): Html {
  const { head, title } = COLUMNS[column];
  return html`<th
    scope="col"
    role="columnheader"
    class="num"
    ${title !== undefined && html` title="${title}"`}
    ${column === sort && html` aria-sort="descending"`}
  >
    ${head}
  </th>`;
}

function row(sum: CallSummary, { columns, nowMs, callsPath, errorsPath }: CallTable): Html {
  const { key } = sum;
  return html`<tr role="row">
    <th role="rowheader" scope="row" class="name">
      <a href="${callsPath(key)}"><bdi>${key}</bdi></a>
    </th>
    ${columns.map((column) => {
      const { head, valueOf, show } = COLUMNS[column];
      const value = valueOf(sum);
      const shown = value === undefined ? noValue('Not known') : show(value, nowMs);
      const isLink = column === 'errors' && sum.failures > 0;
      return html`<td role="cell" class="num" data-label="${head}">
        ${isLink ? html`<a href="${errorsPath(key)}">${shown}</a>` : shown}
      </td>`;
    })}
  </tr> `;
}
