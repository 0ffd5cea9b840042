import { CALL_SUM_MS, type CallSummary } from '../../../facts/call-log.ts';
import type { Kept } from '../ask-journal.ts';
import { type Html, html } from '../html.ts';
import { type CallSort, type CallTable, callTable, sortWord } from './call-table.ts';
import { chip, emptySection } from './elements.ts';
import type { Page } from './layout.ts';
import { auditPath, errorsPath } from './page-links.ts';
import { type ServerFrame, serverTabPage, type ServerTab, tabPath } from './server-frame.ts';
import { windowChips, windowText, windowWords } from './time-window.ts';

/** What a tab with tables of calls shows. */
interface CallsContent extends ServerFrame {
  readonly windowMs: number;
  /** As given in the address. */
  readonly sort: CallSort | undefined;
}

export interface ToolsContent extends CallsContent {
  readonly tools: Kept<readonly CallSummary[]>;
  /** JSON-RPC methods. */
  readonly operations: Kept<readonly CallSummary[]>;
}

export interface ClientsContent extends CallsContent {
  readonly clients: Kept<readonly CallSummary[]>;
  readonly users: Kept<readonly CallSummary[]>;
}

/** Tools, the slowest first, and the other methods. */
export function toolsTab(content: ToolsContent): Page {
  const { detail, tools, operations } = content;
  const server = detail.name;
  const from = beginOf(content);
  const view = viewOf(content, 'tools', {
    columns: ['calls', 'errors', 'error_share', 'p50', 'p95', 'tokens', 'cost'],
    first: 'p95',
  });
  const others: Kept<readonly CallSummary[]> = operations.ok
    ? { ok: true, value: operations.value.filter(({ key }) => key !== 'tools/call') }
    : operations;
  return serverTabPage(
    content,
    'tools',
    html`${view.controls}
      <section id="tools" class="part" data-region>
        ${view.table(tools, {
          title: 'Tools',
          head: 'Tool',
          empty: `No tool was called in ${windowWords(content.windowMs)}.`,
          callsPath: (tool) => auditPath({ server, tool, from }),
          errorsPath: (tool) => errorsPath({ server, tool, from }),
        })}
      </section>
      <section id="operations" class="part" data-region>
        ${view.table(others, {
          title: 'Other requests',
          head: 'Method',
          empty: `No other requests in ${windowWords(content.windowMs)}.`,
          callsPath: (operation) => auditPath({ server, operation, from }),
          errorsPath: (operation) => auditPath({ server, operation, status: 'error', from }),
        })}
      </section>`,
  );
}

/** Clients and users, those with the most calls first. */
export function clientsTab(content: ClientsContent): Page {
  const { detail, clients, users } = content;
  const server = detail.name;
  const from = beginOf(content);
  const view = viewOf(content, 'clients', {
    columns: ['calls', 'errors', 'tokens', 'cost', 'last_call'],
    first: 'calls',
  });
  return serverTabPage(
    content,
    'clients',
    html`${view.controls}
      <section id="clients" class="part" data-region>
        ${view.table(clients, {
          title: 'Clients',
          head: 'Client',
          empty: `No client that gave its name has called in ${windowWords(content.windowMs)}.`,
          callsPath: (client) => auditPath({ server, client, from }),
          errorsPath: (client) => auditPath({ server, client, status: 'error', from }),
        })}
      </section>
      <section id="users" class="part" data-region>
        ${view.table(users, {
          title: 'Users',
          head: 'User',
          empty: `No authenticated user has called in ${windowWords(content.windowMs)}.`,
          callsPath: (user) => auditPath({ server, user, from }),
          errorsPath: (user) => auditPath({ server, user, status: 'error', from }),
        })}
      </section>`,
  );
}

/** For links, which change no more often than the sums. */
function beginOf({ nowMs, windowMs }: CallsContent): string {
  const fromMs = nowMs - windowMs;
  return new Date(fromMs - (fromMs % CALL_SUM_MS)).toISOString();
}

interface Section extends Pick<CallTable, 'head' | 'callsPath' | 'errorsPath'> {
  readonly title: string;
  readonly empty: string;
}

/** The choice of window and order, and tables that follow it. */
function viewOf(
  { detail, nowMs, windowMs, sort: given }: CallsContent,
  tab: ServerTab,
  { columns, first }: { readonly columns: readonly CallSort[]; readonly first: CallSort },
) {
  const sort = given !== undefined && columns.includes(given) ? given : first;
  const path = (spanMs: number, by: CallSort): string =>
    tabPath(detail.name, tab, {
      window: windowText(spanMs),
      sort: by === first ? undefined : by,
    });
  const controls = html`<div class="tools">
    <nav class="chips" aria-label="Time range">
      ${windowChips(windowMs, (spanMs) => path(spanMs, sort))}
    </nav>
    <nav class="chips" aria-label="Sort by">
      <span class="muted">Sort by</span>
      ${columns.map((column) => chip(path(windowMs, column), column === sort, sortWord(column)))}
    </nav>
  </div>`;
  function table(sums: Kept<readonly CallSummary[]>, section: Section): Html {
    const { title, empty, ...rest } = section;
    if (!sums.ok) return emptySection(title, sums.message);
    if (sums.value.length === 0) return emptySection(title, empty);
    return html`<h2>${title} <small>${windowWords(windowMs)}</small></h2>
      ${callTable({ ...rest, caption: title, sums: sums.value, columns, sort, nowMs })}`;
  }
  return { controls, table };
}
