import type { CallSummary } from '../../../facts/call-log.ts';
import type { Kept } from '../ask-journal.ts';
import { formatCount, formatRatio } from '../format.ts';
import { type Html, html } from '../html.ts';
import { auditPath } from './page-links.ts';
import { emptySection, type LogColumn, logTable } from './elements.ts';
import { serverPath } from './landing-page.ts';

const TITLE = 'Affected';

/** Rows of each kind at most. */
const ROWS_MAX = 10;

const COLUMNS: readonly LogColumn[] = [
  { head: 'Kind' },
  { head: 'Name', look: 'wide' },
  { head: 'Server' },
  { head: 'Failed calls', look: 'num' },
  { head: 'Share', look: 'num' },
];

/** Sums of one time. */
export interface AffectedSums {
  readonly servers: readonly CallSummary[];
  /** By tool or prompt name, or resource URI. */
  readonly targets: readonly CallSummary[];
  /** By JSON-RPC method. */
  readonly operations: readonly CallSummary[];
}

/** Which servers, tools and methods failed how often, the most failures first. */
export function affectedPart(sums: Kept<AffectedSums>): Html {
  if (!sums.ok) return emptySection(TITLE, sums.message);
  const { servers, targets, operations } = sums.value;
  const rows = [
    ...worst(servers).map((sum) => row('Server', sum, { server: sum.key })),
    ...worst(targets).map((sum) => row('Tool', sum, { server: sum.server ?? '', tool: sum.key })),
    ...worst(operations).map((sum) => row('Method', sum, { operation: sum.key })),
  ];
  if (rows.length === 0) return emptySection(TITLE, 'No calls failed on the side of a server.');
  return html`<h2>${TITLE} <small>calls that failed on the side of a server</small></h2>
    ${logTable(COLUMNS, rows)}`;
}

function worst(sums: readonly CallSummary[]): readonly CallSummary[] {
  return sums
    .filter(({ failures }) => failures > 0)
    .toSorted((one, other) => other.failures - one.failures)
    .slice(0, ROWS_MAX);
}

function row(
  kind: string,
  { key, server, calls, failures }: CallSummary,
  filter: Parameters<typeof auditPath>[0],
) {
  return [
    kind,
    html`<a href="${auditPath({ ...filter, status: 'error' })}"><bdi>${key}</bdi></a>`,
    server !== undefined && html`<a href="${serverPath(server)}"><bdi>${server}</bdi></a>`,
    `${formatCount(failures)} of ${formatCount(calls)}`,
    formatRatio(failures / calls),
  ] as const;
}
