import { distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { IGNORED_CLIENT_KEYS } from './config-schema.ts';
import { metaOf, schemasAlong, unwrap } from './schema-types.ts';
import {
  nodeAt,
  type Path,
  type Problem,
  problemAt,
  scalarsOf,
  type SourceFile,
  type SourceNode,
  toValue,
} from './source-file.ts';

export interface ParsedValues<T> {
  /** The values without those that are wrong, so that the checks after this one can find more mistakes. */
  readonly value: T | undefined;
  readonly problems: readonly Problem[];
  /** Keys that the schema does not have; a client's file may contain them. */
  readonly unknownKeys: readonly Problem[];
  /** Whether a value at this path was removed. */
  isPruned(path: Path): boolean;
}

const PASSES_MAX = 8;

/** Wrong keys that no spelling distance leads to the right one. */
const SYNONYMS: Readonly<Record<string, string>> = {
  servers: 'mcpServers',
  uri: 'url',
  endpoint: 'url',
  httpUrl: 'url',
  serverUrl: 'url',
  baseUrl: 'url',
  enabled: 'disabled',
  isActive: 'disabled',
  cmd: 'command',
  environment: 'env',
};

/**
 * Checks a tree against a schema and reports each issue at its place in the file.
 * @param written the tree before its variables were expanded: only that is ever quoted, and never where the schema says `secret`
 */
export function parseValues<T extends z.ZodType>(
  schema: T,
  source: SourceFile,
  written: SourceNode | undefined,
): ParsedValues<z.output<T>> {
  const problems: Problem[] = [];
  const unknownKeys: Problem[] = [];
  const pruned = new Set<string>();
  const aroundPruned = new Set<string>();
  const input = toValue(source.root);

  function reportIssue(issue: z.core.$ZodIssue, path: Path): void {
    // A value that fails because another one was removed: that one was reported.
    if (pruned.has(keyOf(path)) || aroundPruned.has(keyOf(path))) return;
    const node = nodeAt(source.root, path);
    if (node?.kind === 'scalar' && node.unresolved !== undefined) return;
    problems.push(problemAt(source, path, explain(issue, path, source.root, written, schema)));
  }

  function reportUnknownKey(path: Path, key: string): void {
    const allowed = allowedKeys(schema, path);
    const nearest = nearestOf(key, allowed);
    const message = explainUnknownKey(allowed, nearest);
    unknownKeys.push(problemAt(source, [...path, key], message, 'key'));
    prune(input, [...path, key]);
    // The key that was meant is not reported as missing too.
    if (nearest !== undefined) pruned.add(keyOf([...path, nearest]));
  }

  function takeOut(path: Path): void {
    for (const gone of prune(input, path)) {
      pruned.add(keyOf(gone));
      for (let length = 1; length < gone.length; length++)
        aroundPruned.add(keyOf(gone.slice(0, length)));
    }
  }

  // A failed expansion was reported already; the schema must not complain about the same value.
  for (const [path, scalar] of scalarsOf(source.root)) if (scalar.isBroken) takeOut(path);
  for (let pass = 0; pass < PASSES_MAX; pass++) {
    const result = schema.safeParse(input);
    if (result.success) {
      const isPruned = (path: Path) => pruned.has(keyOf(path));
      return { value: result.data, problems, unknownKeys, isPruned };
    }
    // All issues of a pass are reported before any value is removed; of several issues with one value only the first.
    const wrong = new Map<string, Path>();
    for (const issue of result.error.issues) {
      const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
      if (issue.code === 'unrecognized_keys')
        for (const key of issue.keys) reportUnknownKey(path, key);
      else if (!wrong.has(keyOf(path))) {
        wrong.set(keyOf(path), path);
        reportIssue(issue, path);
      }
    }
    for (const path of wrong.values()) takeOut(path);
  }
  return { value: undefined, problems, unknownKeys, isPruned: () => true };
}

function explain(
  issue: z.core.$ZodIssue,
  path: Path,
  root: SourceNode | undefined,
  written: SourceNode | undefined,
  schema: z.ZodType,
): string {
  const node = nodeAt(root, path);
  if (node === undefined) return `is missing; it ${issue.message}`;
  const word = node.kind === 'scalar' && issue.code === 'invalid_value' ? String(node.value) : '';
  const nearest =
    issue.code === 'invalid_value' ? nearestOf(word, issue.values.map(String)) : undefined;
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  // A rule about a whole map: the map itself has the right type.
  const isRule = issue.code === 'custom' && node.kind !== 'scalar';
  return `${issue.message}${isRule ? '' : describe(nodeAt(written, path), path, schema)}${hint}`;
}

/** Quotes a wrong value unless the schema says that it may be secret, or expects a map or a list there. */
function describe(node: SourceNode | undefined, path: Path, schema: z.ZodType): string {
  if (node === undefined) return '';
  if (node.kind !== 'scalar') return `, not a ${node.kind}`;
  if (node.value === null) return ', not nothing';
  const along = schemasAlong(schema, path);
  if (isContainer(unwrap(along.at(-1))) || along.some((part) => metaOf(part).secret)) return '';
  if (typeof node.value !== 'string') return `, not ${node.text.slice(0, 40)}`;
  return node.value !== '' && node.value.length <= 60 ? `, not ${JSON.stringify(node.value)}` : '';
}

function isContainer(schema: z.core.$ZodType | undefined): boolean {
  return (
    schema instanceof z.ZodObject || schema instanceof z.ZodRecord || schema instanceof z.ZodArray
  );
}

function allowedKeys(schema: z.ZodType, path: Path): string[] {
  const along = schemasAlong(schema, path);
  const found = along.length > path.length ? unwrap(along.at(-1)) : undefined;
  return found instanceof z.ZodObject ? Object.keys(found.shape) : [];
}

function explainUnknownKey(allowed: readonly string[], nearest: string | undefined): string {
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  // A server's keys without an effect are not suggested; elsewhere the same words may be keys of ours.
  const isServer = IGNORED_CLIENT_KEYS.every((name) => allowed.includes(name));
  const isIgnored = (name: string) =>
    isServer && (IGNORED_CLIENT_KEYS as readonly string[]).includes(name);
  return `unknown key; allowed here: ${allowed.filter((name) => !isIgnored(name)).join(', ')}${hint}`;
}

/** The allowed word that was probably meant; undefined if none is close. */
function nearestOf(word: string, allowed: readonly string[]): string | undefined {
  if (word.length > 64) return undefined;
  const synonym = Object.hasOwn(SYNONYMS, word) ? SYNONYMS[word] : undefined;
  if (synonym !== undefined && allowed.includes(synonym)) return synonym;
  const near = allowed
    .map((candidate) => ({ candidate, steps: distance(plain(word), plain(candidate)) }))
    .filter(({ candidate, steps }) => steps <= Math.max(1, Math.floor(candidate.length / 3)))
    .toSorted((a, b) => a.steps - b.steps);
  return near[0]?.candidate;
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[_-]/g, '');
}

/** Removes the value at `path` from `input`, with the list around it, or with the map in which it is missing; returns what was removed. */
function prune(input: unknown, path: Path): Path[] {
  const parentPath = path.slice(0, -1);
  const last = path.at(-1);
  let parent: unknown = input;
  for (const part of parentPath)
    parent = isRecord(parent) || Array.isArray(parent) ? Reflect.get(parent, part) : undefined;
  if (last === undefined) return [path];
  if (isRecord(parent) && Object.hasOwn(parent, last)) {
    delete parent[last];
    return [path];
  }
  return [path, ...prune(input, parentPath)];
}

function isRecord(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function keyOf(path: Path): string {
  return JSON.stringify(path);
}
