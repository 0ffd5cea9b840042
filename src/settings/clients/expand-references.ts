import type { TextResult } from '../files.ts';
import {
  type MapEntry,
  nodeAt,
  type Path,
  type ScalarNode,
  type SourceNode,
} from '../source-file.ts';
import { type ClientKind, CLIENTS, type ReferenceSyntax } from './client-kinds.ts';

/** What a reference in a client's file means to that client. */
export type Reference =
  | { readonly kind: 'env'; readonly name: string; readonly fallback?: string }
  | { readonly kind: 'file'; readonly path: string }
  /** Known from the place of the file. */
  | { readonly kind: 'text'; readonly text: string }
  /** Only the client can ask for it. */
  | { readonly kind: 'asked' }
  /** The client passes it on as it is; `isVariable` if it looks as if somebody meant it to be expanded. */
  | { readonly kind: 'literal'; readonly isVariable: boolean };

/** Everything that is a reference for some client. */
export const REFERENCES =
  /\$\{\{[^{}]*\}\}|\$\{[^{}]*\}|\{(?:env|file):[^{}]+\}|\$[A-Za-z_][A-Za-z0-9_]*/g;

const NAME = String.raw`[A-Za-z_][A-Za-z0-9_]*`;
const FORMS: readonly (readonly [ReferenceSyntax, RegExp, 'env' | 'file'])[] = [
  ['name', new RegExp(String.raw`^\$\{(${NAME})\}$`), 'env'],
  ['default', new RegExp(String.raw`^\$\{(${NAME}):-(.*)\}$`, 's'), 'env'],
  ['dollar', new RegExp(String.raw`^\$(${NAME})$`), 'env'],
  ['env', new RegExp(String.raw`^\$\{env:(${NAME})\}$`), 'env'],
  ['file', /^\$\{file:(.+)\}$/s, 'file'],
  ['braces', new RegExp(String.raw`^\{env:(${NAME})\}$`), 'env'],
  ['braces', /^\{file:(.+)\}$/s, 'file'],
  ['secrets', new RegExp(String.raw`^\$\{\{\s*secrets\.(${NAME})\s*\}\}$`), 'env'],
];
const ASKED = /^\$\{(?:input|command|config):/;
const LOOKS_LIKE_VARIABLE = new RegExp(
  String.raw`^\$\{(?:(?:env|file|input|command|config):.+|${NAME}(?::-.*)?|\{.*\})\}$`,
  's',
);

/** @param variables what the client derives from the place of the file */
export function readReference(
  written: string,
  client: ClientKind,
  variables: Readonly<Record<string, string>>,
): Reference {
  const expression = written.startsWith('${') ? written.slice(2, -1) : '';
  if (client.variables.includes(expression) && Object.hasOwn(variables, expression))
    return { kind: 'text', text: variables[expression] ?? '' };
  if (client.asks && ASKED.test(written)) return { kind: 'asked' };
  for (const [syntax, form, kind] of FORMS) {
    const [, what, fallback] = (client.expands.includes(syntax) && form.exec(written)) || [];
    if (what === undefined) continue;
    if (kind === 'file') return { kind, path: what };
    return { kind, name: what, ...(fallback !== undefined && { fallback }) };
  }
  return { kind: 'literal', isVariable: LOOKS_LIKE_VARIABLE.test(written) };
}

export interface ReferenceOptions {
  readonly client: ClientKind;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly variables: Readonly<Record<string, string>>;
  readonly readFile: (path: string) => Promise<TextResult>;
  /** `path` is relative to the entry. */
  readonly warn: (path: Path, message: string) => void;
}

/** Where a program may do the expansion itself, so that an unresolved reference does no harm. */
const PASSED_ON = ['args', 'env'];

interface EntryExpansion extends ReferenceOptions {
  /** Names that the entry itself sets for its program. */
  readonly ownNames: readonly string[];
}

/**
 * Replaces in an entry what its client would replace. What stays unresolved is passed on as it is in `args` and `env`,
 * with a warning; elsewhere it is marked, so that the server is not checked.
 */
export async function expandReferences(
  entry: SourceNode,
  options: ReferenceOptions,
): Promise<SourceNode> {
  const env = nodeAt(entry, ['env']);
  const ownNames = env?.kind === 'map' ? [...env.entries.keys()] : [];
  return expand({ ...options, ownNames }, entry, []);
}

async function expand(
  expansion: EntryExpansion,
  node: SourceNode,
  path: Path,
): Promise<SourceNode> {
  if (node.kind === 'scalar') return expandScalar(expansion, node, path);
  if (node.kind === 'list') {
    const items = node.items.map((item, index) => expand(expansion, item, [...path, index]));
    return { ...node, items: await Promise.all(items) };
  }
  const entries = new Map<string, MapEntry>();
  for (const [key, entry] of node.entries)
    entries.set(key, { ...entry, node: await expand(expansion, entry.node, [...path, key]) });
  return { ...node, entries };
}

async function expandScalar(
  expansion: EntryExpansion,
  node: ScalarNode,
  path: Path,
): Promise<ScalarNode> {
  if (typeof node.value !== 'string' || node.unresolved !== undefined) return node;
  let value = '';
  let end = 0;
  const expanded: string[] = [];
  let unresolved: string | undefined;
  for (const match of node.value.matchAll(REFERENCES)) {
    const [written] = match;
    const found = await lookUp(expansion, written, path);
    value += node.value.slice(end, match.index) + (found && 'text' in found ? found.text : written);
    end = match.index + written.length;
    if (found && 'isSecret' in found) expanded.push(found.text);
    if (found && 'reason' in found) unresolved ??= found.reason;
  }
  if (end === 0) return node;
  value += node.value.slice(end);
  return {
    ...node,
    value,
    text: value,
    ...(expanded.length > 0 && { expanded }),
    ...(unresolved !== undefined && { unresolved }),
  };
}

type Found =
  | { readonly text: string }
  | { readonly text: string; readonly isSecret: true }
  | { readonly reason: string };

/** Undefined if the reference stays as it is. */
async function lookUp(
  expansion: EntryExpansion,
  written: string,
  path: Path,
): Promise<Found | undefined> {
  const { client, env, variables } = expansion;
  const reference = readReference(written, client, variables);
  switch (reference.kind) {
    case 'text':
      return { text: reference.text };
    case 'asked':
      return { reason: `needs ${written}, which only the client can ask for` };
    case 'file': {
      const result = await expansion.readFile(reference.path);
      if (result.ok) return { text: result.text.trim(), isSecret: true };
      return leave(expansion, path, `needs ${written}: the file ${result.reason}`, written);
    }
    case 'literal':
      if (!reference.isVariable) return undefined;
      return leave(expansion, path, `${client.name} does not expand ${written}`, written);
    case 'env': {
      const { name, fallback } = reference;
      // The usual `--header Authorization:${TOKEN}` with TOKEN in `env` is for the program to expand.
      const isOwn = client === CLIENTS.unknown && isOwnArgument(expansion, path, name);
      const value = isOwn ? undefined : env[name];
      if (value !== undefined && (value !== '' || fallback === undefined))
        return { text: value, isSecret: true };
      if (fallback !== undefined) return { text: fallback };
      return leave(expansion, path, `the environment variable ${name} is not set`, written);
    }
  }
}

function isOwnArgument({ ownNames }: EntryExpansion, path: Path, name: string): boolean {
  return path[0] === 'args' && ownNames.includes(name);
}

function leave(
  { warn, ownNames }: EntryExpansion,
  path: Path,
  why: string,
  written: string,
): Found | undefined {
  if (!PASSED_ON.includes(String(path[0]))) return { reason: why };
  const isOwn =
    ownNames.some((name) => name !== '' && written.includes(name)) && path[0] === 'args';
  warn(
    path,
    `${why}: it is passed on as it is${isOwn ? ', and the program has it in its env' : ''}`,
  );
  return undefined;
}
