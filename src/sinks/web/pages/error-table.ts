import type { ErrorGroup } from '../../../facts/error-log.ts';
import type { EpochMs } from '../../../facts/time.ts';
import { formatCount } from '../format.ts';
import { type Html, html } from '../html.ts';
import { errorGroupPath } from './page-links.ts';
import { callOutcome, nameOf, when } from './audit-table.ts';
import { columnHead } from './elements.ts';
import { serverPath } from './landing-page.ts';

export interface ErrorTable {
  readonly caption: string;
  readonly groups: readonly ErrorGroup[];
  readonly nowMs: EpochMs;
}

/** Groups of errors as rows, in the order given. */
export function errorTable({ caption, groups, nowMs }: ErrorTable): Html {
  return html`<div class="card">
    <table class="grid entries" role="table">
      <caption class="unseen">
        ${caption}
      </caption>
      <thead role="rowgroup">
        <tr role="row">
          ${columnHead('Outcome', 'outcome-cell')} ${columnHead('Error', 'name')}
          ${columnHead('Server', 'where')} ${columnHead('Count', 'num count')}
          ${columnHead('First seen', 'num seen')} ${columnHead('Last seen', 'num seen')}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${groups.map((group) => row(group, nowMs))}
      </tbody>
    </table>
  </div>`;
}

function row(group: ErrorGroup, nowMs: EpochMs): Html {
  return html`<tr role="row">
    <td role="cell" class="outcome-cell">
      ${callOutcome(group.outcome)}${group.errorType !== group.outcome && html` <span class="muted small line">${group.errorType}</span>`}
    </td>
    <th role="rowheader" scope="row" class="name">
      <a href="${errorGroupPath(group.id)}"><bdi>${messageOf(group)}</bdi></a>
      <span class="reason"
        ><bdi>${nameOf(group)}</bdi>${group.target !== undefined && html` ${group.operation}`}</span
      >
    </th>
    <td role="cell" class="where">
      <a href="${serverPath(group.server)}"><bdi>${group.server}</bdi></a>
    </td>
    <td role="cell" class="num" data-label="Count">${countOf(group)}</td>
    <td role="cell" class="num" data-label="First seen">${when(group.firstAtMs, nowMs)}</td>
    <td role="cell" class="num" data-label="Last seen">${when(group.lastAtMs, nowMs)}</td>
  </tr> `;
}

export function messageOf({ message, errorType }: ErrorGroup): string {
  return message === '' ? `${errorType} without a message` : message;
}

function countOf({ count, countInWindow }: ErrorGroup): Html {
  if (countInWindow === undefined || countInWindow === count) return html`${formatCount(count)}`;
  return html`${formatCount(countInWindow)}<span class="clock" title="Since it was first seen"
      >of ${formatCount(count)}</span
    >`;
}
