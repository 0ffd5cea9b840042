import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PublicPlace } from './parse-route.ts';
import type { ResourceRoute } from './resource-metadata.ts';
import type { TrackerLoad } from './tracker-events.ts';
import type { ReadMessages } from '../../protocol/message-reader.ts';
import type { EpochMs, MonotonicMs } from '../../facts/time.ts';

/** One HTTP request of a client that passed the edge. */
export interface AdmittedRequest {
  /** Whoever begins or counts its calls notes it here, so that nobody else does. */
  readonly arrival: { isCounted: boolean };
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

/** What names the session of a message: a header, or the address that the stream of HTTP+SSE announced. */
export interface SessionMessage {
  readonly sessionId: string | undefined;
  readonly route: string;
  readonly query: string;
}

/** A monitored server as the gateway sees it: takes over an admitted request, answers it and observes it. */
export interface Upstream {
  handle(admitted: AdmittedRequest): void;
  /** Answers with the metadata of the gateway's address of a remote server (`gateway.authorization: rewrite`). */
  sendMetadata?(admitted: AdmittedRequest, route: ResourceRoute): void;
  /** Whether a message that is no request belongs to a session that has not ended yet. */
  hasSessionOf(message: SessionMessage): boolean;
  load(): UpstreamLoad;
  /** Stops taking requests, lets those in flight end until the signal aborts, then cuts. */
  stop(signal: AbortSignal): Promise<void>;
}

export interface UpstreamLoad extends TrackerLoad {
  readonly streams: TrackerLoad['inFlight'];
}
