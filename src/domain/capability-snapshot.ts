/** Kinds of definitions that a server lists (`kind` label). */
export const CAPABILITY_KINDS = ['tools', 'prompts', 'resources', 'resource_templates'] as const;
export type CapabilityKind = (typeof CAPABILITY_KINDS)[number];

/** One listed tool, prompt, resource or template. */
export interface Definition {
  /** Tool or prompt name, resource URI or URI template: unique within its kind. */
  readonly name: string;
  /** SHA-256 over the canonical JSON of everything the server said of it. */
  readonly hash: string;
  /** Shortened, for pages. */
  readonly description: string;
}

export interface CapabilityList {
  readonly definitions: readonly Definition[];
  /** Size of the list answers as JSON text, all pages. */
  readonly bytes: number;
  /** From `ttlMs` of 2026-07-28, if the server sends one. */
  readonly ttlMs?: number;
}

/** What a server offered at one moment. A kind that the server does not offer is absent. */
export interface CapabilitySnapshot {
  readonly takenAtMs: number;
  readonly lists: Readonly<Partial<Record<CapabilityKind, CapabilityList>>>;
}

export const DEFINITION_CHANGES = ['added', 'removed', 'changed'] as const;

export interface DefinitionChange {
  readonly kind: CapabilityKind;
  readonly change: (typeof DEFINITION_CHANGES)[number];
  readonly name: string;
}
