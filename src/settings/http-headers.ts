import type { Path } from './source-file.ts';

/** Of the connection and its framing (RFC 9110 §7.6.1, RFC 9112 §6), and of the sessions of single clients. */
const RESERVED_HEADER =
  /^(?:host|content-length|content-encoding|transfer-encoding|connection|proxy-connection|keep-alive|te|trailer|upgrade|expect|last-event-id|mcp-session-id|mcp-exporter-instance)$/i;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// Control characters other than tab, and what one byte cannot hold: fetch would throw on them at each request.
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** `path` is relative to the section that has `headers`. */
export type HeaderReport = (path: Path, message: string, at?: 'key' | 'value') => void;

/** The headers of a configuration that can be sent; the others are reported. */
export function checkHeaders(
  written: Readonly<Record<string, string>>,
  report: HeaderReport,
): Record<string, string> {
  const headers: Record<string, string> = {};
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(written)) {
    const trimmed = value.trim();
    if (!HEADER_NAME.test(name)) report(['headers', name], 'this is no name of a header', 'key');
    else if (RESERVED_HEADER.test(name))
      report(['headers', name], 'this header is set by the exporter for each request', 'key');
    else if (seen.has(name.toLowerCase()))
      report(['headers', name], 'this header is here twice', 'key');
    else if (!HEADER_VALUE.test(trimmed))
      report(['headers', name], 'must be one line of Latin-1 text without control characters');
    else headers[name] = trimmed;
    seen.add(name.toLowerCase());
  }
  return headers;
}

/**
 * The headers to send: user and password of the URL become an `Authorization` header, since `fetch` refuses such URLs.
 * A configured `Authorization` takes precedence.
 */
export function withUserInfo(
  { username, password }: URL,
  headers: Readonly<Record<string, string>>,
): Record<string, string> {
  const isWritten = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
  if (isWritten || (username === '' && password === '')) return { ...headers };
  const pair = [username, password].map(decode).join(':');
  const basic = `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
  return { Authorization: basic, ...headers };
}

/** Without user, password and fragment. */
export function withoutUserInfo(url: URL): string {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  bare.hash = '';
  return bare.href;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
