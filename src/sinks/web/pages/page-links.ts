import type { Status } from '../../../facts/rules/health.ts';

/** Filters of `/audit` that have a field in its form. */
export const AUDIT_INPUTS = ['server', 'tool', 'user', 'client', 'search', 'from', 'to'] as const;
/** Filters of `/audit` that come with a link. */
export const AUDIT_LINKED = ['operation', 'session', 'trace', 'error_group'] as const;
export const AUDIT_FIELDS = [...AUDIT_INPUTS, ...AUDIT_LINKED, 'status'] as const;
export type AuditField = (typeof AUDIT_FIELDS)[number];
/** As in the address; what is empty is no filter. */
export type AuditFilter = Readonly<Record<AuditField, string>>;

/** Entries of one CSV file; the API returns no more at once. */
const CSV_ROWS = 500;

/** Address of the calls that pass the filter. */
export function auditPath(filter: Partial<AuditFilter>, cursor = ''): string {
  return addressOf('/audit', { ...filter, cursor });
}

/** The same calls as CSV. */
export function auditCsvPath(filter: Partial<AuditFilter>): string {
  return addressOf('/api/v1/mcp/audit', { format: 'csv', limit: String(CSV_ROWS), ...filter });
}

/** Path with the parameters that are not empty. */
function addressOf(path: string, values: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value !== ''));
  return query.size > 0 ? `${path}?${query.toString()}` : path;
}

/** Address of the errors that pass the filter. */
export function errorsPath(filter: Readonly<Record<string, string>>, cursor = ''): string {
  return addressOf('/errors', { ...filter, cursor });
}

/** Path of the page of a group of errors. */
export function errorGroupPath(id: number): string {
  return `/errors/${id}`;
}

/** @param section name of an alert that the runbook explains */
function runbookPath(section: string): string {
  return `/docs/runbook#${section.toLowerCase()}`;
}

const STATUS_SECTIONS: Readonly<Partial<Record<Status, string>>> = {
  offline: 'McpServerOffline',
  critical: 'McpServerCritical',
  warning: 'McpServerWarning',
  unknown: 'McpServerUnknown',
};

/** What the runbook says about a status; undefined if nobody has to do anything. */
export function statusRunbookPath(status: Status): string | undefined {
  const section = STATUS_SECTIONS[status];
  return section === undefined ? undefined : runbookPath(section);
}

const OWN_DOCUMENT =
  /^https:\/\/github\.com\/mcp-exporter\/mcp-exporter\/blob\/[^/]+\/docs\/([a-z-]+)\.md(#[\w-]+)?$/;

/**
 * Where the service itself shows the document that a link leads to, such as the runbook that the shipped alerts name.
 * @returns undefined if it is none of our documents
 */
export function servedDocumentPath(url: string): string | undefined {
  const [, name, anchor = ''] = OWN_DOCUMENT.exec(url) ?? [];
  return name === undefined ? undefined : `/docs/${name}${anchor}`;
}
