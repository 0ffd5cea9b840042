import type { CallSummary } from '../../../facts/call-log.ts';
import { formatShare } from '../../../facts/rules/rate-window.ts';
import type { EpochMs } from '../../../facts/time.ts';
import type { Kept } from '../ask-journal.ts';
import { formatCount, formatSpan } from '../format.ts';
import { type Html, html, type HtmlValue } from '../html.ts';
import type { FailingCalls } from '../read-failing-calls.ts';
import { type LogColumn, logTable } from './elements.ts';
import { errorTable } from './error-table.ts';
import { auditPath, errorsPath } from './page-links.ts';

const ROWS_MAX = 5;

const COLUMNS: readonly LogColumn[] = [
  { head: 'What' },
  { head: 'Name', look: 'wide' },
  { head: 'Failed calls', look: 'num' },
  { head: 'Share', look: 'num' },
];

/** Which tools, clients and errors make a server Warning or Critical. */
export function failingCalls(server: string, failing: FailingCalls, nowMs: EpochMs): Html {
  const { rate, targets, clients, errors } = failing;
  const from = new Date(failing.fromMs).toISOString();
  const rows = [
    ...rowsOf('Tool', targets, (tool) => auditPath({ server, tool, status: 'error', from })),
    ...rowsOf('Client', clients, (client) => auditPath({ server, client, status: 'error', from })),
  ];
  const problems = [targets, clients, errors].flatMap((each) => (each.ok ? [] : [each.message]));
  const groups = errors.ok ? errors.value.groups : [];
  return html`<section class="card pad">
      <h2>
        Failing calls
        <small
          >${formatShare(rate.ratio, 1)} of ${formatCount(rate.requests)} calls in
          ${formatSpan(rate.windowMs)}</small
        >
      </h2>
      ${[...new Set(problems)].map((problem) => html`<p class="muted"><bdi>${problem}</bdi></p>`)}
      ${rows.length > 0 && logTable(COLUMNS, rows)}
      <p class="remark links">
        <a href="${auditPath({ server, status: 'error', from })}">Failed calls</a>
        <a href="${errorsPath({ server, from })}">Their errors, and what changed</a>
      </p>
    </section>
    ${
      groups.length > 0 &&
      html`<section class="part">
        <h2>Errors of these calls</h2>
        ${errorTable({ caption: 'Errors of these calls', groups, nowMs })}
      </section>`
    }`;
}

function rowsOf(
  kind: string,
  sums: Kept<readonly CallSummary[]>,
  pathOf: (key: string) => string,
): readonly (readonly HtmlValue[])[] {
  if (!sums.ok) return [];
  return sums.value
    .filter(({ failures }) => failures > 0)
    .toSorted((one, other) => other.failures - one.failures)
    .slice(0, ROWS_MAX)
    .map(({ key, failures, calls }) => [
      kind,
      html`<a href="${pathOf(key)}"><bdi>${key}</bdi></a>`,
      `${formatCount(failures)} of ${formatCount(calls)}`,
      formatShare(failures, calls),
    ]);
}
