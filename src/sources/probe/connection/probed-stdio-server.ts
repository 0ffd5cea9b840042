import { pause } from '../../../facts/deadline.ts';
import { classifyFailure } from '../../../protocol/classify-failure.ts';
import type { ClientName } from '../../../protocol/handshake.ts';
import type { SyntheticCall } from '../../../facts/server.ts';
import type { Clock } from '../../../facts/ports/clock.ts';
import type { ProbedServer } from './probed-server.ts';
import type { StdioProbeClient } from './stdio-probe-client.ts';

export interface ProbedStdioServerOptions {
  readonly client: ClientName;
  readonly clock: Clock;
  readonly call: () => SyntheticCall | undefined;
}

/** A deep check is rare: it waits for a program that ended a moment ago, as some do after every list. */
const RESTART_WAIT_MS_MAX = 4_000;

/**
 * A server over stdio. A deep check runs in the kept child: a second child of the same command may fight with the first
 * for a port, a lock file or a quota, and costs a start.
 */
export function createProbedStdioServer(
  probeClient: StdioProbeClient,
  { client, clock, call: configuredCall }: ProbedStdioServerOptions,
): ProbedServer {
  return {
    probeClient,
    async inspect(options) {
      // Again if need be: a timer may fire a moment early.
      while (!options.signal.aborted && isSoon(probeClient.restartDelayMs()))
        await pause(clock, Math.ceil(probeClient.restartDelayMs()), options.signal);
      const opened = await probeClient.open(options);
      if (!opened.ok) return opened;
      const transport = probeClient.clientTransport();
      if (transport === undefined)
        return { ok: false, failure: classifyFailure({ kind: 'exit', code: null, signal: null }) };
      const call = configuredCall();
      const { inspectStdio } = await import('./inspect-stdio.ts');
      const inspection = await inspectStdio(transport, {
        ...options,
        identity: opened.identity,
        client,
        clock,
        ...(call !== undefined && { call }),
      });
      if (!('identity' in inspection) || !opened.identity.isEraAssumed) return inspection;
      return { ...inspection, identity: { ...inspection.identity, isEraAssumed: true } };
    },
    processUsage: () => probeClient.processUsage(),
    close: () => probeClient.close(),
  };
}

function isSoon(delayMs: number): boolean {
  return delayMs > 0 && delayMs <= RESTART_WAIT_MS_MAX;
}
