/** For the log: without credentials and query. */
export function printEndpoint(endpoint: string | undefined): string {
  const url = URL.parse(endpoint ?? '');
  return url ? `${url.protocol}//${url.host}${url.pathname}` : 'default';
}
