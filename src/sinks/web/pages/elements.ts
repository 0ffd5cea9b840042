import type { ChangeAccess } from '../change-access.ts';
import { type Html, html, type HtmlValue } from '../html.ts';

/** Markup that several pages share: each element is written once. */

/** In place of a value that there is none of. */
export function noValue(title?: string): Html {
  return html`<span class="none" ${title !== undefined && html` title="${title}"`}>–</span>`;
}

export function emptySection(title: string, text: string): Html {
  return html`<h2>${title}</h2>
    <p class="muted"><bdi>${text}</bdi></p>`;
}

export type Pair = readonly [name: string, value: HtmlValue];

/** The numbers at the top of a page; an undefined value shows as a dash. */
export function factItems(pairs: readonly Pair[]): readonly Html[] {
  return pairs.map(
    ([name, value]) =>
      html`<div>
        <dt>${name}</dt>
        <dd>${value ?? noValue()}</dd>
      </div>`,
  );
}

/** Names and texts below each other; a pair without a value is left out. */
export function pairList(title: string, pairs: readonly Pair[]): Html {
  return html`<h2>${title}</h2>
    ${pairItems(pairs)}`;
}

export function pairItems(pairs: readonly Pair[]): Html {
  const rows = pairs.flatMap(([name, value]) =>
    value === undefined
      ? []
      : [
          html`<dt><bdi>${name}</bdi></dt>
            <dd><bdi>${value}</bdi></dd>`,
        ],
  );
  return html`<dl class="pairs">${rows}</dl>`;
}

export interface LogColumn {
  readonly head: string;
  readonly look?: 'num' | 'wide';
}

/** What happened, one row each. */
export function logTable(
  columns: readonly LogColumn[],
  rows: readonly (readonly HtmlValue[])[],
): Html {
  const looks = columns.map(({ look }) => look && html` class="${look}"`);
  return html`<table class="log">
    <thead>
      <tr>
        ${columns.map(({ head }, index) => html`<th scope="col" ${looks[index]}>${head}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (cells) =>
          html`<tr>
            ${cells.map((cell, index) => html`<td ${looks[index]}>${cell}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** A head of the big tables, which need roles because their style undoes the table on narrow screens. */
export function columnHead(text: HtmlValue, look = '', title?: string, order?: SortOrder): Html {
  return html`<th
    scope="col"
    role="columnheader"
    class="${look}"
    ${title !== undefined && html` title="${title}"`}
    ${order !== undefined && html` aria-sort="${order}"`}
  >
    ${text}
  </th>`;
}

/** As `aria-sort` has it. */
type SortOrder = 'ascending' | 'descending' | 'other';

export function outcomeBadge(outcome: string): Html {
  return html`<span class="outcome ${outcome === 'ok' ? 'is-healthy' : 'is-offline'}"
    >${outcome}</span
  >`;
}

export function chip(href: string, isCurrent: boolean, label: HtmlValue): Html {
  return html`<a class="chip" href="${href}" ${isCurrent && html` aria-current="true"`}
    >${label}</a
  >`;
}

export interface SearchInput {
  readonly id: string;
  readonly name: string;
  readonly value: string;
  readonly placeholder: string;
  readonly label?: string;
  /** Id of a list of suggestions. */
  readonly list?: string;
}

export function searchInput({ id, name, value, placeholder, label, list }: SearchInput): Html {
  return html`<label class="unseen" for="${id}">${label ?? placeholder}</label>
    <input
      id="${id}"
      type="search"
      name="${name}"
      value="${value}"
      placeholder="${placeholder}"
      autocomplete="off"
      spellcheck="false"
      ${list !== undefined && html` list="${list}"`}
    />`;
}

/** Values that an input with this list suggests. */
export function suggestions(id: string, values: readonly string[]): Html {
  return html`<datalist id="${id}">
    ${values.map((value) => html`<option value="${value}"></option>`)}
  </datalist>`;
}

/** In place of what cannot be shown now. */
export function notice(message: string): Html {
  return html`<div class="notice"><bdi>${message}</bdi></div>`;
}

/** Where the admin token is, or how to get one. */
export function accessHint(access: ChangeAccess): Html | false {
  return access.kind !== 'open' && access.hint !== undefined
    ? html`<p class="muted"><bdi>${access.hint}</bdi></p>`
    : false;
}

/** The field for the admin token, if it takes one. */
export function tokenInput(access: ChangeAccess, id: string): Html | false {
  if (access.kind !== 'token') return false;
  return html`<label class="unseen" for="${id}">Admin token</label
    ><input
      id="${id}"
      type="password"
      name="token"
      placeholder="Admin token"
      autocomplete="current-password"
      required
    />`;
}
