import { isJsonObject } from '../facts/json-object.ts';

/** Where a tool's `inputSchema` wants an argument mirrored into a header (2026-07-28, `x-mcp-header`). */
export interface MirroredParam {
  /** Header name without `Mcp-Param-`. */
  readonly name: string;
  readonly path: readonly string[];
}

const SENTINEL = '=?base64?';
const PLAIN = /^[\t\x20-\x7e]+$/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const DEPTH_MAX = 32;

/** A value as the 2026-07-28 revision wants it in `Mcp-Name` and `Mcp-Param-*`: plain ASCII, else Base64 of its UTF-8. */
export function encodeHeaderValue(value: string): string {
  const isPlain = PLAIN.test(value) && value === value.trim() && !value.startsWith(SENTINEL);
  return isPlain ? value : `${SENTINEL}${Buffer.from(value).toString('base64')}?=`;
}

export function findMirroredParams(inputSchema: unknown): readonly MirroredParam[] {
  const found: MirroredParam[] = [];
  const visit = (node: unknown, path: readonly string[]): void => {
    if (!isJsonObject(node) || path.length > DEPTH_MAX) return;
    const name = node['x-mcp-header'];
    if (typeof name === 'string' && TOKEN.test(name) && path.length > 0) found.push({ name, path });
    const { properties } = node;
    if (isJsonObject(properties))
      for (const [key, child] of Object.entries(properties)) visit(child, [...path, key]);
  };
  visit(inputSchema, []);
  return found;
}

/** What is absent, null or no plain value gets no header, as the revision says. */
export function mirrorParams(
  params: readonly MirroredParam[],
  args: unknown,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const { name, path } of params) {
    let value = args;
    for (const key of path) value = isJsonObject(value) ? value[key] : undefined;
    const isPlain =
      typeof value === 'string' ||
      typeof value === 'boolean' ||
      (typeof value === 'number' && Number.isFinite(value) && !isInexact(value));
    if (isPlain) headers[`mcp-param-${name.toLowerCase()}`] = encodeHeaderValue(String(value));
  }
  return headers;
}

function isInexact(value: number): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value);
}
