import { type CallPage, CALLS_EXAMINED_MAX } from '../../../facts/call-log.ts';
import { CALL_STATUSES } from '../api/journal-query.ts';
import type { Kept } from '../ask-journal.ts';
import { formatCount } from '../format.ts';
import { type Html, html } from '../html.ts';
import {
  AUDIT_INPUTS,
  AUDIT_LINKED,
  auditCsvPath,
  type AuditFilter,
  auditPath,
} from './page-links.ts';
import type { OutsideUrls } from '../ports.ts';
import { auditTable } from './audit-table.ts';
import { notice, searchInput, suggestions } from './elements.ts';
import type { Page } from './layout.ts';
import type { EpochMs } from '../../../facts/time.ts';

export interface AuditContent {
  readonly filter: AuditFilter;
  readonly calls: Kept<CallPage>;
  /** For completion. */
  readonly servers: readonly string[];
  readonly urls: OutsideUrls;
  readonly nowMs: EpochMs;
}

/** Calls from the journal, newest first, page by page. */
export function auditPage(content: AuditContent): Page {
  const { calls, filter } = content;
  return {
    title: 'Calls – mcp-exporter',
    main: html`<section class="summary">
        <h1>Calls</h1>
        ${calls.ok && totals(calls.value, filter)}
      </section>
      <div class="tools">${filterForm(content)}</div>
      ${linkedFilters(filter)}
      <section id="calls">
        ${calls.ok ? callsPart(calls.value, content) : notice(calls.message)}
      </section>`,
  };
}

function totals({ total, isTotalExact, summedOnly }: CallPage, filter: AuditFilter): Html {
  const count = `${isTotalExact ? '' : 'At least '}${formatCount(total)}`;
  const noun = total === 1 && isTotalExact ? 'call' : 'calls';
  return html`<p class="muted">
      ${count} ${noun}, newest first. <a href="${auditCsvPath(filter)}">CSV</a>
    </p>
    ${
      summedOnly !== undefined &&
      html`<p class="muted">
        Not listed: ${formatCount(summedOnly)} successful calls of any server that were only summed
        up, since there were more per second than <code>audit.callsPerSecond</code>. All failures
        are listed.
      </p>`
    }`;
}

const PLACEHOLDERS: Readonly<Record<(typeof AUDIT_INPUTS)[number], string>> = {
  server: 'Server',
  tool: 'Tool, prompt or URI',
  user: 'User',
  client: 'Client',
  search: 'Search',
  from: 'From 2026-11-21',
  to: 'To',
};

function filterForm({ filter, servers }: AuditContent): Html {
  const inputs = AUDIT_INPUTS.map((name) =>
    searchInput({
      id: name,
      name,
      value: filter[name],
      placeholder: PLACEHOLDERS[name],
      ...(name === 'server' && { list: 'servers' }),
    }),
  );
  return html`<form class="search fields" role="search" action="/audit" method="get">
    ${AUDIT_LINKED.map((name) => filter[name] !== '' && html`<input type="hidden" name="${name}" value="${filter[name]}" />`)}
    ${inputs} ${statusSelect(filter.status)}
    <button type="submit">Filter</button>
    ${suggestions('servers', servers)}
  </form>`;
}

function statusSelect(current: string): Html {
  const known: readonly string[] = CALL_STATUSES;
  // Several, separated by commas, can come with a link.
  const statuses = current === '' || known.includes(current) ? known : [current, ...known];
  return html`<label class="unseen" for="status">Outcome</label>
    <select id="status" name="status">
      <option value="">Any outcome</option>
      ${statuses.map(
        (status) =>
          html`<option value="${status}" ${status === current && html` selected`}>
            ${status}
          </option>`,
      )}
    </select>`;
}

const LINKED_WORDS: Readonly<Record<(typeof AUDIT_LINKED)[number], string>> = {
  operation: 'method',
  session: 'session',
  trace: 'trace',
  error_group: 'error',
};

/** Filters without a field, each with a link that removes it. */
function linkedFilters(filter: AuditFilter): readonly (Html | false)[] {
  return AUDIT_LINKED.map(
    (name) =>
      filter[name] !== '' &&
      html`<p class="linked">
        Only ${LINKED_WORDS[name]} <code>${filter[name]}</code>
        <a href="${auditPath({ ...filter, [name]: '' })}">Remove this filter</a>
      </p>`,
  );
}

function callsPart({ entries, next }: CallPage, { filter, urls, nowMs }: AuditContent): Html {
  const older = next !== undefined && auditPath(filter, next);
  if (entries.length > 0)
    return html`${auditTable({ calls: entries, urls, nowMs })}
    ${older !== false && html`<p class="remark"><a href="${older}">Older calls</a></p>`}`;
  if (older !== false)
    return html`<p class="muted">
      None of the ${formatCount(CALLS_EXAMINED_MAX)} calls examined for this page passes the
      filters. <a href="${older}">Examine older calls</a>
    </p>`;
  const isFiltered = Object.values(filter).some((value) => value !== '');
  return html`<p class="muted">
    ${isFiltered ? 'No calls pass these filters.' : 'No calls recorded. Calls through the gateway appear here.'}
  </p>`;
}
