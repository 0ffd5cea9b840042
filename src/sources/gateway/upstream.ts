import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PublicPlace } from './parse-route.ts';
import type { ResourceRoute } from './resource-metadata.ts';
import type { TrackerLoad } from './tracker-events.ts';
import type { ReadMessages } from '../../protocol/message-reader.ts';
import type { EpochMs, MonotonicMs } from '../../facts/time.ts';

/** One HTTP request of a client that passed the edge. */
export interface AdmittedRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The part of the URL after `/NAME`, for example `/mcp` or `/message`, and the query with its `?`. */
  readonly route: string;
  readonly query: string;
  /** The request came to the public address of the server; `route` is then the whole path. */
  readonly publicPlace?: PublicPlace;
  /** What was read of the body so far: all of it where `isComplete`, else its head; the rest is still in `request`. */
  readonly body: Buffer;
  readonly isComplete: boolean;
  /** The messages of a complete body. */
  readonly read: ReadMessages;
  /** Authenticated subject. */
  readonly user?: string;
  readonly receivedAtMs: EpochMs;
  readonly receivedMs: MonotonicMs;
}

/** A monitored server as the gateway sees it: takes over an admitted request, answers it and observes it. */
export interface Upstream {
  handle(admitted: AdmittedRequest): void;
  /** Answers with the metadata of the gateway's address of a remote server (`gateway.authorization: rewrite`). */
  sendMetadata?(admitted: AdmittedRequest, route: ResourceRoute): void;
  load(): UpstreamLoad;
  /** Stops taking requests, lets those in flight end until the signal aborts, then cuts. */
  stop(signal: AbortSignal): Promise<void>;
}

export interface UpstreamLoad extends TrackerLoad {
  readonly streams: TrackerLoad['inFlight'];
}
