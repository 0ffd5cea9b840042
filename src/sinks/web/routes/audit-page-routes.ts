import type { Request } from 'express';
import { CALL_QUERY, callFilter } from '../api/journal-query.ts';
import { readQuery, text } from '../api/parameters.ts';
import { askBriefly } from '../ask-journal.ts';
import { AUDIT_FIELDS, type AuditFilter } from '../pages/page-links.ts';
import { auditPage } from '../pages/audit-page.ts';
import type { Page } from '../pages/layout.ts';
import { queryText } from '../request-values.ts';
import type { WebContext } from '../web-context.ts';
import { get, type Route } from './route.ts';

const CALLS_SHOWN = 100;

const AUDIT_QUERY = { server: text('Name of the server.'), ...CALL_QUERY };

/** The calls in the journal. */
export function auditPageRoutes(context: WebContext): readonly Route[] {
  return [
    get('/audit', async (request, response) => {
      context.sendPage(response, await showAudit(context, request));
    }),
  ];
}

async function showAudit(context: WebContext, request: Request): Promise<Page> {
  const { server, ...query } = readQuery(request, AUDIT_QUERY);
  const filter = { ...callFilter(query, server), limit: CALLS_SHOWN };
  const calls = await askBriefly(context, () => context.journal.findCalls(filter));
  return auditPage({
    filter: writtenFilter(request),
    calls,
    servers: context.servers.views().map(({ name }) => name),
    urls: context.outsideUrls,
    nowMs: context.clock.nowMs(),
  });
}

function writtenFilter(request: Request): AuditFilter {
  const values = AUDIT_FIELDS.map((name) => [name, queryText(request, name) ?? '']);
  // Each field has its value.
  return Object.fromEntries(values) as AuditFilter;
}
