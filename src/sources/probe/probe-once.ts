import type { CheckReport } from '../../facts/check-report.ts';
import type { ServerSpec } from '../../facts/server.ts';
import { guardCheck } from './guard-check.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { Connector } from './ports.ts';
import { endsWithin } from '../../facts/deadline.ts';

export interface ProbeOnceOptions {
  readonly signal: AbortSignal;
  /** Also a deep check, if the steady one succeeded. */
  readonly deep: boolean;
}

const CLOSE_MS_MAX = 10_000;

/**
 * Checks a server over a connection of its own, which is closed again: for `/probe` and the `probe` command.
 * Does not affect the state of the scheduled checks. A failing server never makes it reject.
 *
 * @returns the steady report, then the deep one if there was one
 */
export async function probeOnce(
  connector: Connector,
  spec: ServerSpec,
  clock: Clock,
  { signal, deep }: ProbeOnceOptions,
): Promise<CheckReport[]> {
  const connection = connector.open(spec, () => undefined);
  const guard = { timeoutMs: spec.monitor.startTimeoutMs, clock, signal, secrets: spec.secrets };
  try {
    const steady = await guardCheck((options) => connection.check(options), {
      ...guard,
      kind: 'steady',
    });
    if (!deep || steady.report.outcome !== 'ok') return [steady.report];
    const inspected = await guardCheck((options) => connection.inspect(options), {
      ...guard,
      kind: 'deep',
    });
    return [steady.report, inspected.report];
  } finally {
    await endsWithin(clock, CLOSE_MS_MAX, connection.close());
  }
}
