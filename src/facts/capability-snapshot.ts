import type { InputShape } from './rules/input-shape.ts';
import type { EpochMs } from './time.ts';

/** Kinds of definitions that a server lists (`kind` label). */
export const CAPABILITY_KINDS = ['tools', 'prompts', 'resources', 'resource_templates'] as const;
export type CapabilityKind = (typeof CAPABILITY_KINDS)[number];

/** One listed tool, prompt, resource or template. */
export interface Definition {
  /** Tool or prompt name, resource URI or URI template: unique within its kind. */
  readonly name: string;
  /** SHA-256 of the canonical JSON of its whole definition. */
  readonly hash: string;
  /** Shortened, for pages. */
  readonly description: string;
  /** What it demands of its arguments: tools and prompts only. */
  readonly input?: InputShape;
  /**
   * The whole definition as JSON text of several lines, properties in order, cut after `DEFINITION_TEXT_CHARS_MAX`. Only in
   * what is published when it was read, see `DefinitionsRead`: to keep it for each server would take too much memory.
   */
  readonly text?: string;
}

export const DEFINITION_TEXT_CHARS_MAX = 32_768;

export interface CapabilityList {
  readonly definitions: readonly Definition[];
  /** Size of the list answers as JSON text, all pages. */
  readonly bytes: number;
  /** From `ttlMs` of 2026-07-28, if the server sends one. */
  readonly ttlMs?: number;
}

/** The capabilities of a server at one moment. A kind that the server does not support is absent. */
export interface CapabilitySnapshot {
  readonly takenAtMs: EpochMs;
  readonly lists: Readonly<Partial<Record<CapabilityKind, CapabilityList>>>;
  /** Names of the capabilities that the server announced: `tools`, `tools.listChanged`. */
  readonly announced?: readonly string[];
  /** Revisions of the protocol; only servers that answer `server/discover` (2026-07-28) list them. */
  readonly supportedVersions?: readonly string[];
  /** For the model of a client; cut after `INSTRUCTIONS_CHARS_MAX`. */
  readonly instructions?: string;
}

export const INSTRUCTIONS_CHARS_MAX = 8_192;

/** Without what must not be shown. Hashes stay, so that changes are still found. */
export function maskSnapshot(
  { lists, announced, supportedVersions, instructions, ...rest }: CapabilitySnapshot,
  mask: (text: string) => string,
): CapabilitySnapshot {
  const masked = Object.entries(lists).map(([kind, list]) => [
    kind,
    {
      ...list,
      definitions: list.definitions.map((definition) => ({
        ...definition,
        name: mask(definition.name),
        description: mask(definition.description),
        ...(definition.text !== undefined && { text: mask(definition.text) }),
      })),
    },
  ]);
  return {
    ...rest,
    lists: Object.fromEntries(masked) as CapabilitySnapshot['lists'],
    ...(announced && { announced: announced.map(mask) }),
    ...(supportedVersions && { supportedVersions: supportedVersions.map(mask) }),
    ...(instructions !== undefined && { instructions: mask(instructions) }),
  };
}

/** The same without the whole texts. */
export function withoutTexts({ lists, ...rest }: CapabilitySnapshot): CapabilitySnapshot {
  const entries = Object.entries(lists).map(([kind, list]) => [
    kind,
    { ...list, definitions: list.definitions.map(({ text: _text, ...shown }) => shown) },
  ]);
  return { ...rest, lists: Object.fromEntries(entries) as CapabilitySnapshot['lists'] };
}

export const DEFINITION_CHANGES = ['added', 'removed', 'changed'] as const;

export interface DefinitionChange {
  readonly kind: CapabilityKind;
  readonly change: (typeof DEFINITION_CHANGES)[number];
  readonly name: string;
}

/** Differences beyond this many are cut, so that a server that renames everything is reported once, not ten thousand times. */
export const DEFINITION_CHANGES_MAX = 500;

/** What differs between two snapshots, by name and hash within each kind; a kind that disappeared has all its names removed. */
export function diffSnapshots(
  previous: CapabilitySnapshot,
  next: CapabilitySnapshot,
): DefinitionChange[] {
  const changes = CAPABILITY_KINDS.flatMap((kind) =>
    diffLists(kind, previous.lists[kind], next.lists[kind]),
  );
  return changes.slice(0, DEFINITION_CHANGES_MAX);
}

function diffLists(
  kind: CapabilityKind,
  previous: CapabilityList | undefined,
  next: CapabilityList | undefined,
): DefinitionChange[] {
  const before = hashesByName(previous);
  const after = hashesByName(next);
  const changes: DefinitionChange[] = [];
  for (const [name, hash] of after) {
    const known = before.get(name);
    if (known === undefined) changes.push({ kind, change: 'added', name });
    else if (known !== hash) changes.push({ kind, change: 'changed', name });
  }
  for (const name of before.keys()) {
    if (!after.has(name)) changes.push({ kind, change: 'removed', name });
  }
  return changes;
}

function hashesByName(list: CapabilityList | undefined): ReadonlyMap<string, string> {
  return new Map(list?.definitions.map(({ name, hash }) => [name, hash]));
}
