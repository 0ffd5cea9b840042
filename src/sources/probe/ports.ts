import type { ProcessUsage } from '../../facts/ports/process-usage.ts';
import type { CheckReport } from '../../facts/check-report.ts';
import type { ChildExited, ChildStarted } from '../../facts/child-facts.ts';
import type { MonitorSettings, ServerSpec } from '../../facts/server.ts';

export interface CheckOptions {
  /** Aborts the check: its report then has the outcome `timeout`. */
  readonly signal: AbortSignal;
}

/**
 * What the prober keeps open for one server: a session, a stream or a child, opened by the first check.
 * Neither method rejects: a failing server is a report, not an exception. Calls never overlap.
 */
export interface Connection {
  /** The cheapest check that proves something; does a handshake first if there is no session, stream or child yet. */
  check(options: CheckOptions): Promise<CheckReport>;
  /**
   * All lists, and the synthetic call if one is configured, in a fresh session that is closed
   * afterwards. Over stdio it runs in the kept child instead: a child serves one client, so that a fresh handshake would be a
   * second process.
   */
  inspect(options: CheckOptions): Promise<CheckReport>;
  /**
   * Whether the next check needs no handshake: a session, stream or child is open, or the server is stateless and its
   * era is known. Decides between the two timeouts, and whether a check's duration is a response time.
   */
  isOpen(): boolean;
  /** CPU and memory of the child and its descendants; `undefined` without a child. */
  processUsage(): ProcessUsage | undefined;
  /** Ends session, stream or child: DELETE, close, process-group kill. Resolves when everything is closed. May be called during a check. */
  close(): Promise<void>;
}

/** Creates connections; does no I/O itself. */
export interface Connector {
  /** @param monitor the settings as they are now, if they may change while the connection is open */
  open(
    server: ServerSpec,
    onChild: (fact: ChildExited | ChildStarted) => void,
    monitor?: () => MonitorSettings,
  ): Connection;
}
