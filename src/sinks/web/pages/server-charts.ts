import type { CallChartPoint } from '../../../facts/call-log.ts';
import type { CheckChartPoint } from '../../../facts/server-log.ts';
import { formatCount, formatDuration, formatSpan } from '../format.ts';
import { type Html, html } from '../html.ts';
import type { ChartRow, ServerHistory } from '../read-server-history.ts';
import type { ChartSpan } from '../time-span.ts';
import { noValue } from './elements.ts';
import { minuteTime } from './time.ts';

const TABLE = 'chart-values';

interface Column {
  readonly name: string;
  readonly head: string;
  /** How it is drawn: with a custom property of the style sheet as its colour. */
  readonly look?: 'bars' | 'line' | 'thin';
  readonly colour?: string;
  readonly valueOf: (row: ChartRow) => number | undefined;
  readonly show: (value: number) => string;
}

const COLUMNS: readonly Column[] = [
  {
    name: 'mean',
    head: 'Mean of checks',
    look: 'line',
    colour: '--accent',
    valueOf: ({ check }) => check?.meanMs,
    show: formatDuration,
  },
  {
    name: 'slowest',
    head: 'Slowest check',
    look: 'thin',
    colour: '--muted',
    valueOf: ({ check }) => check?.maxMs,
    show: formatDuration,
  },
  {
    name: 'requests',
    head: 'Requests',
    look: 'bars',
    colour: '--disabled-fill',
    valueOf: ({ call }) => call?.calls,
    show: formatCount,
  },
  {
    name: 'p95',
    head: 'p95 of requests',
    valueOf: ({ call }) => call?.p95Ms,
    show: formatDuration,
  },
  {
    name: 'failed_requests',
    head: 'Failed requests',
    look: 'bars',
    colour: '--offline-fill',
    valueOf: ({ call }) => call?.failures,
    show: formatCount,
  },
  {
    name: 'failed_checks',
    head: 'Failed checks',
    look: 'line',
    colour: '--unknown',
    valueOf: ({ check }) => check?.failures,
    show: formatCount,
  },
];

/** Response time, requests and errors of a server over time: words and a table, which a script draws as charts. */
export function serverCharts({ rows, span, problem }: ServerHistory): Html {
  const checks = rows.flatMap(({ check }) => (check ? [check] : []));
  const calls = rows.flatMap(({ call }) => (call ? [call] : []));
  const grain = `by ${formatSpan(span.bucketMs)}`;
  return html`${problem !== undefined && html`<p class="muted"><bdi>${problem}</bdi></p>`}
    <h2>Response time <small>of successful checks, ${grain}</small></h2>
    ${graph(span, { columns: 'mean slowest', unit: 'ms', words: wordsOfChecks(checks) }, checks.length > 0)}
    <div class="halves">
      <div>
        <h2>Requests <small>of clients through the gateway, ${grain}</small></h2>
        ${graph(span, { columns: 'requests', unit: 'count', words: wordsOfCalls(calls) }, calls.length > 0)}
      </div>
      <div>
        <h2>Errors <small>failed requests and failed checks, ${grain}</small></h2>
        ${graph(span, { columns: 'failed_requests failed_checks', unit: 'count', words: wordsOfFailures(checks, calls) }, rows.length > 0)}
      </div>
    </div>
    ${waiting(rows, span)} ${rows.length > 0 && valueTable(rows)}`;
}

/** Fewer points are no lines yet. */
const POINTS_MIN = 3;

/** Why there is so little to see soon after the start. */
function waiting(rows: readonly ChartRow[], { bucketMs }: ChartSpan): Html | false {
  const [first] = rows;
  if (!first || rows.length >= POINTS_MIN) return false;
  return html`<p class="muted">
    Recorded in this time since ${minuteTime(first.atMs)}; the charts get a point every
    ${formatSpan(bucketMs)}.
  </p>`;
}

interface Graph {
  readonly columns: string;
  readonly unit: 'ms' | 'count';
  /** What it shows, for those who do not see it. */
  readonly words: string;
}

function graph(
  { fromMs, toMs, bucketMs }: ChartSpan,
  { columns, unit, words }: Graph,
  isDrawn: boolean,
): Html {
  if (!isDrawn) return html`<p class="muted">${words}</p>`;
  return html`<div
    class="graph"
    data-chart="${TABLE}"
    data-columns="${columns}"
    data-unit="${unit}"
    data-from="${fromMs / 1_000}"
    data-to="${toMs / 1_000}"
    data-step="${bucketMs / 1_000}"
  >
    <p class="muted">${words}</p>
  </div>`;
}

function valueTable(rows: readonly ChartRow[]): Html {
  return html`<details id="values">
    <summary>All values as a table</summary>
    <div class="scroll" tabindex="0" role="group" aria-label="All values">
      <table id="${TABLE}" class="values">
        <thead>
          <tr>
            <th scope="col">From</th>
            ${COLUMNS.map(
              ({ name, head, look, colour }) =>
                html`<th
                  scope="col"
                  class="num"
                  data-column="${name}"
                  ${look && html` data-look="${look}"`}
                  ${colour !== undefined && html` data-colour="${colour}"`}
                >
                  ${head}
                </th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) =>
              html`<tr>
                <th scope="row">${minuteTime(row.atMs)}</th>
                ${COLUMNS.map((column) => cell(column, row))}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

function cell({ valueOf, show }: Column, row: ChartRow): Html {
  const value = valueOf(row);
  if (value === undefined) return html`<td class="num">${noValue()}</td>`;
  return html`<td class="num" data-value="${Number(value.toPrecision(6))}">${show(value)}</td>`;
}

function wordsOfChecks(checks: readonly CheckChartPoint[]): string {
  if (checks.length === 0) return 'No check has ended in this time; the next one appears here.';
  const means = checks.flatMap(({ meanMs }) => (meanMs === undefined ? [] : [meanMs]));
  if (means.length === 0) return 'No check succeeded in this time.';
  const slowest = Math.max(...checks.map(({ maxMs }) => maxMs ?? 0));
  return `Between ${formatDuration(Math.min(...means))} and ${formatDuration(Math.max(...means))} on average; the slowest check took ${formatDuration(slowest)}.`;
}

function wordsOfCalls(calls: readonly CallChartPoint[]): string {
  if (calls.length === 0) return 'No requests in this time.';
  const most = Math.max(...calls.map((point) => point.calls));
  return `${formatCount(sum(calls.map((point) => point.calls)))} requests, at most ${formatCount(most)} in one bar.`;
}

function wordsOfFailures(
  checks: readonly CheckChartPoint[],
  calls: readonly CallChartPoint[],
): string {
  const failed = sum(calls.map(({ failures }) => failures));
  const all = sum(calls.map((point) => point.calls));
  const failedChecks = sum(checks.map(({ failures }) => failures));
  const allChecks = sum(checks.map((point) => point.checks));
  return `${formatCount(failed)} of ${formatCount(all)} requests and ${formatCount(failedChecks)} of ${formatCount(allChecks)} checks failed.`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
