/** Published by the prober; read by the metrics, the log, the journal and the live pages. */
import type { CapabilitySnapshot, DefinitionChange } from './capability-snapshot.ts';
import type { Status } from './rules/health.ts';
import type { Reopening } from './rules/server-changes.ts';
import type { ServerSpec } from './server.ts';
import type { EpochMs } from './time.ts';

/** A server was added to the configuration: sinks create its series with zeros. */
export interface ServerAdded {
  readonly fact: 'server_added';
  readonly server: ServerSpec;
  /** Disabled manually, regardless of the configuration. */
  readonly isDisabled?: boolean;
}

/** Settings of a server changed. Its counters, histories and status are kept: the same name is the same server. */
export interface ServerChanged {
  readonly fact: 'server_changed';
  /** As it is configured now. */
  readonly server: ServerSpec;
  /** The changed keys, as they are written under `mcpServers.NAME`. */
  readonly keys: readonly string[];
  readonly reopens: Reopening;
}

/** A server was removed from the configuration. */
export interface ServerRemoved {
  readonly fact: 'server_removed';
  readonly server: string;
}

export interface StatusChanged {
  readonly fact: 'status';
  readonly server: string;
  readonly atMs: EpochMs;
  readonly from: Status;
  readonly to: Status;
  /** Readable text. */
  readonly reason: string;
}

/**
 * Maintenance of a server began or ended: checks and calls go on, but say nothing about its availability. Published by the
 * control, also when it finds a window active at the start.
 */
export interface MaintenanceChanged {
  readonly fact: 'maintenance';
  readonly server: string;
  readonly atMs: EpochMs;
  readonly isActive: boolean;
  /** Why, and who planned it, for a person. */
  readonly reason: string;
  /** When the last window that is active now ends; only while it is active. */
  readonly untilMs?: EpochMs;
}

/** The lists of a server differ from its previous snapshot. */
export interface DefinitionsChanged {
  readonly fact: 'definitions';
  readonly server: string;
  readonly atMs: EpochMs;
  readonly changes: readonly DefinitionChange[];
}

/** The lists of a server were read for the first time since the start, or differ from its previous snapshot. */
export interface DefinitionsRead {
  readonly fact: 'definitions_read';
  readonly server: string;
  readonly atMs: EpochMs;
  /** With the text of each definition. */
  readonly snapshot: CapabilitySnapshot;
}

/** Checks and real calls disagree about a server, or agree again. */
export interface DisagreementChanged {
  readonly fact: 'disagreement';
  readonly server: string;
  readonly disagrees: boolean;
  /** Readable text. */
  readonly detail: string;
}
