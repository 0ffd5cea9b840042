/**
 * What others send as a link, as an address that a page may lead to.
 * @returns without credentials; undefined unless it is http or https
 */
export function webUrl(text: string): string | undefined {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') return undefined;
  url.username = '';
  url.password = '';
  return url.href;
}
