/** The prober publishes these; the metrics, the log, the journal and the live pages listen. */
import type { DefinitionChange } from './capability-snapshot.ts';
import type { Status } from './rules/health.ts';
import type { ServerSpec } from './server.ts';
import type { EpochMs } from './time.ts';

/** A server entered the configuration: sinks create its series with zeros. */
export interface ServerAdded {
  readonly fact: 'server_added';
  readonly server: ServerSpec;
  /** Manually, whatever the configuration says. */
  readonly isDisabled?: boolean;
}

/** A server left the configuration, or its settings changed and it is added again right after. */
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
  /** For a person. */
  readonly reason: string;
}

/** The lists of a server differ from its previous snapshot. */
export interface DefinitionsChanged {
  readonly fact: 'definitions';
  readonly server: string;
  readonly atMs: EpochMs;
  readonly changes: readonly DefinitionChange[];
}

/** Checks and real calls disagree about a server, or agree again. */
export interface DisagreementChanged {
  readonly fact: 'disagreement';
  readonly server: string;
  readonly disagrees: boolean;
  /** For a person. */
  readonly detail: string;
}
