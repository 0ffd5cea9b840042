import type { ActionTaken, AlertEvent } from './alert-event.ts';
import type { CallRecord } from './call-record.ts';
import type { ChildExited, ChildStarted } from './child-facts.ts';
import type { ConfigReloaded } from './config-facts.ts';
import type {
  AuthAttempted,
  RateLimitExceeded,
  SessionEnded,
  ToolsListed,
  UpstreamRequested,
} from './gateway-facts.ts';
import type { DisablingChanged } from './disabling.ts';
import type { MarkerSaved } from './event-log.ts';
import type { ConnectivityChanged, LatenessChanged, ProbeObservation } from './probe-facts.ts';
import type {
  DefinitionsChanged,
  DefinitionsRead,
  DisagreementChanged,
  MaintenanceChanged,
  ServerAdded,
  ServerChanged,
  ServerRemoved,
  StatusChanged,
} from './server-facts.ts';

/** Everything that sources publish: plain, immutable records, distinguished by `fact`. */
export type Fact =
  | ActionTaken
  | AlertEvent
  | AuthAttempted
  | CallRecord
  | ChildExited
  | ChildStarted
  | ConfigReloaded
  | ConnectivityChanged
  | DefinitionsChanged
  | DefinitionsRead
  | DisablingChanged
  | DisagreementChanged
  | LatenessChanged
  | MaintenanceChanged
  | MarkerSaved
  | ProbeObservation
  | RateLimitExceeded
  | ServerAdded
  | ServerChanged
  | ServerRemoved
  | SessionEnded
  | StatusChanged
  | ToolsListed
  | UpstreamRequested;
