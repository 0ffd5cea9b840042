import type { Rhythm } from '../../src/demo/fleet/daily-rhythm.ts';
import type { CallOutcome, ErrorType } from '../../src/facts/call-outcome.ts';
import type { Era, Transport } from '../../src/facts/server.ts';

/** A server whose past is made up. */
export interface DemoServer {
  readonly name: string;
  readonly transport: Transport;
  readonly era: Era;
  readonly protocolVersion: string;
  readonly implementation: string;
  readonly version: string;
  readonly endpoint: string;
  readonly rhythm: Rhythm;
  /** Of all operations, at the busiest hour. */
  readonly requestsPerSecond: number;
  /** Each day so many times the day before, backwards from today. */
  readonly growthPerDay: number;
  /** Median of a tool call. */
  readonly callSeconds: number;
  /** Median of everything else. */
  readonly checkSeconds: number;
  /** With the share of calls and their relative duration; the shares sum to 1. */
  readonly tools: readonly {
    readonly name: string;
    readonly share: number;
    readonly slower: number;
  }[];
  /** Of tool calls, on an ordinary day. */
  readonly failureRatio: number;
  /** Kinds of failure, and their shares of all. */
  readonly failures: readonly Failure[];
  readonly clients: readonly { readonly name: string; readonly share: number }[];
  readonly tokensPerCall: { readonly input: number; readonly output: number };
  readonly usdPerCall: number;
  readonly incidents: readonly Incident[];
}

export interface Failure {
  readonly errorType: ErrorType;
  readonly outcome: CallOutcome;
  readonly status: string;
  readonly share: number;
}

/** An event that the pages should show. */
export interface Incident {
  readonly daysAgo: number;
  readonly hours: number;
  /** Times the usual. */
  readonly traffic?: number;
  readonly latency?: number;
  /** Share of calls that fail, instead of the usual. */
  readonly failureRatio?: number;
  readonly isDown?: boolean;
}
