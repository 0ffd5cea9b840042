import { STATUS_CODES } from 'node:http';

/** Headers that belong to one hop (RFC 9110 §7.6.1) or are set anew by the HTTP library. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/** Most names are told apart by their length: hashing each of them takes longer than all the rest. */
const HOP_BY_HOP_LENGTHS = new Set([...HOP_BY_HOP].map(({ length }) => length));

/**
 * What of a request's headers goes upstream: all but hop-by-hop ones, `host` and those replaced here.
 * @param rawHeaders as node:http gives them: names and values in turn
 * @param dropped lower-case names that the caller sets itself
 * @returns names and values in turn, spelled and ordered as they came
 */
export function forwardHeaders(
  rawHeaders: readonly string[],
  connection: string | undefined,
  dropped: readonly string[],
): string[] {
  const named = namedByConnection(connection);
  const headers: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const lower = name.toLowerCase();
    if (isHopByHop(lower) || dropped.includes(lower) || named?.includes(lower)) continue;
    headers.push(name, rawHeaders[i + 1] as string);
  }
  return headers;
}

export interface ReturnedResponse {
  readonly status: number;
  /** In place of the value of `Location`. */
  readonly location?: string | undefined;
  /** Whether the body leaves with other bytes than it came with, so that its length is not known. */
  readonly isRewritten?: boolean;
}

/**
 * What of a response's headers goes to the client: all but hop-by-hop ones, and lengths that would be wrong: 204 has no body, and
 * no length (RFC 9110 §8.6), for which some clients would wait.
 * @param rawHeaders as undici gives them: names and values in turn
 */
export function returnHeaders(
  rawHeaders: readonly (Buffer | string)[],
  { status, location, isRewritten = false }: ReturnedResponse,
): string[] {
  const headers: string[] = [];
  let named: string[] | undefined;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = text(rawHeaders[i] as Buffer | string);
    const lower = name.toLowerCase();
    const value = text(rawHeaders[i + 1] as Buffer | string);
    // Several fields of this name are one list (RFC 9110 §5.3).
    if (lower === 'connection') named = joinNames(named, namedByConnection(value));
    if (isHopByHop(lower)) continue;
    if (lower === 'content-length' && (isRewritten || (status === 204 && value !== '0'))) continue;
    headers.push(name, location !== undefined && lower === 'location' ? location : value);
  }
  if (!named) return headers;
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (!named.includes((headers[i] as string).toLowerCase()))
      kept.push(headers[i] as string, headers[i + 1] as string);
  }
  return kept;
}

/**
 * The reason phrase as it can be written. undici decodes it as UTF-8, and Node writes latin1 and refuses control characters:
 * what was valid UTF-8 leaves as the same bytes, anything else is replaced by the standard phrase.
 */
export function reasonPhrase(status: number, received: string | undefined): string {
  const text = received ?? '';
  if (PRINTABLE.test(text)) return text;
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  const isWritable = !text.includes('\uFFFD') && WRITABLE.test(bytes);
  return isWritable ? bytes : (STATUS_CODES[status] ?? '');
}

const PRINTABLE = /^[\t\x20-\x7e]*$/;
const WRITABLE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** @param headers names and values in turn */
export function hasHeader(headers: readonly string[], lowerName: string): boolean {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (name.length === lowerName.length && name.toLowerCase() === lowerName) return true;
  }
  return false;
}

/** @param headers names and values in turn; changed in place */
export function replaceValues(
  headers: string[],
  lowerName: string,
  replace: (value: string) => string,
): void {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (headers[i]?.toLowerCase() === lowerName) headers[i + 1] = replace(headers[i + 1] ?? '');
  }
}

function isHopByHop(lowerName: string): boolean {
  return HOP_BY_HOP_LENGTHS.has(lowerName.length) && HOP_BY_HOP.has(lowerName);
}

function namedByConnection(connection: string | undefined): string[] | undefined {
  if (!connection || /^(keep-alive|close)$/i.test(connection)) return undefined;
  return connection.split(',').map((name) => name.trim().toLowerCase());
}

function joinNames(known: string[] | undefined, more: string[] | undefined): string[] | undefined {
  return known && more ? [...known, ...more] : (known ?? more);
}

function text(value: Buffer | string): string {
  return typeof value === 'string' ? value : value.toString('latin1');
}
