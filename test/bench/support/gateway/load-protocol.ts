import type { EchoEra } from './echo-answers.ts';

/** Something that answers tool calls, as the load worker sees it. */
export type LoadTarget =
  | {
      readonly kind: 'http';
      readonly port: number;
      readonly path: string;
      readonly era: EchoEra;
    }
  /** Started by the load worker, since it owns the pipe. Eight calls are in flight on it. */
  | { readonly kind: 'stdio'; readonly command: readonly string[] };

export interface LoadCall {
  readonly tool: string;
  readonly arguments: object;
  /** Each answer must be at least so long. */
  readonly bytesMin: number;
}

export type LoadCommand =
  | { readonly command: 'open'; readonly target: number; readonly to: LoadTarget }
  | {
      readonly command: 'run';
      readonly target: number;
      readonly call: LoadCall;
      readonly seconds: number;
      /** Calls per second of all lanes together; as fast as it goes without it. */
      readonly rate?: number;
    }
  /** Streams of `ticks`, four at a time. */
  | { readonly command: 'listen'; readonly target: number; readonly seconds: number }
  /** Clients that do nothing but hold a GET stream. */
  | { readonly command: 'idle'; readonly target: number; readonly streams: number }
  /** How many events came on the idle streams, and how many of these broke off. */
  | { readonly command: 'idleState'; readonly target: number }
  | { readonly command: 'close'; readonly target: number };

export interface LoadResult {
  readonly calls: number;
  readonly failures: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of the load worker itself for all of this. */
  readonly cpuUs: number;
}

export interface DelayResult {
  readonly events: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export type LoadReply =
  | { readonly ready: true }
  | { readonly opened: true; readonly pid: number | undefined }
  | { readonly result: LoadResult }
  | { readonly delays: DelayResult }
  | { readonly idle: { readonly open: number; readonly events: number; readonly broken: number } }
  | { readonly closed: true }
  | { readonly failed: string };
