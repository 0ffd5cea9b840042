/** The page of errors, filtered; parameters without a value are left out. */
export function errorsPath(filter: PageFilter): string {
  return pathOf('/errors', filter);
}

/** The page of calls, filtered; parameters without a value are left out. */
export function auditPath(filter: PageFilter): string {
  return pathOf('/audit', filter);
}

/** In the words of the query. */
interface PageFilter {
  readonly server: string;
  readonly tool?: string;
  readonly operation?: string;
  readonly client?: string;
  readonly user?: string;
  readonly status?: string;
  readonly error_type?: string;
  /** Milliseconds since the Unix epoch. */
  readonly fromMs?: number;
}

function pathOf(path: string, { fromMs, ...filter }: PageFilter): string {
  const from = fromMs === undefined ? {} : { from: new Date(fromMs).toISOString() };
  return `${path}?${new URLSearchParams({ ...filter, ...from }).toString()}`;
}
