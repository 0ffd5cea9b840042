import type { ChildExited, ChildStarted } from '../../facts/child-facts.ts';
import type { CheckReport } from '../../facts/check-report.ts';
import { endsWithin } from '../../facts/deadline.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { ProcessUsage } from '../../facts/ports/process-usage.ts';
import type { ServerSpec } from '../../facts/server.ts';
import { guardCheck } from './guard-check.ts';
import type { Connection, Connector } from './ports.ts';

/** The connection over which one server is checked: opened by the first check, and replaced when a check never came back. */
export interface KeptConnection {
  isOpen(): boolean;
  /** Never rejects, and returns soon after `timeoutMs` or an abort of the signal. */
  check(kind: CheckReport['kind'], timeoutMs: number): Promise<CheckReport>;
  processUsage(): ProcessUsage | undefined;
  /** Resolves within about ten seconds, also for connections that were replaced. */
  close(): Promise<void>;
}

export interface KeptConnectionOptions {
  /** As it is configured now. */
  readonly spec: () => ServerSpec;
  readonly connector: Connector;
  readonly clock: Clock;
  /** Ends a running check. */
  readonly signal: AbortSignal;
  readonly onChild: (fact: ChildExited | ChildStarted) => void;
}

const CLOSE_MS_MAX = 10_000;

export function createKeptConnection({
  spec,
  connector,
  clock,
  signal,
  onChild,
}: KeptConnectionOptions): KeptConnection {
  let connection: Connection | undefined;
  const replaced = new Set<Promise<unknown>>();

  async function closeCurrent(): Promise<void> {
    const last = connection;
    connection = undefined;
    if (last) await endsWithin(clock, CLOSE_MS_MAX, last.close());
  }

  /** Nobody waits for its close; the next check opens a new one. */
  function replace(): void {
    const closing = closeCurrent();
    replaced.add(closing);
    void closing.finally(() => replaced.delete(closing));
  }

  return {
    isOpen: () => connection?.isOpen() === true,
    async check(kind, timeoutMs) {
      connection ??= connector.open(spec(), onChild, () => spec().monitor);
      const current = connection;
      const { report, isAbandoned } = await guardCheck(
        (options) => (kind === 'steady' ? current.check(options) : current.inspect(options)),
        { kind, timeoutMs, clock, signal, secrets: spec().secrets },
      );
      if (isAbandoned) replace();
      return report;
    },
    processUsage: () => connection?.processUsage(),
    async close() {
      await closeCurrent();
      await Promise.all(replaced);
    },
  };
}
