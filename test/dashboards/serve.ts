import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { DEMO_SERVERS } from '../../tools/demo-history/demo-servers.ts';
import { startStack } from './support/start-stack.ts';

/**
 * The stack of the dashboard tests, kept running for a browser until it is interrupted: `node test/dashboards/serve.ts`.
 * Programs needed: prometheus, promtool and alertmanager.
 */
const DIES_EVERY_MS = 300_000;
const DEAD_FOR_MS = 60_000;

// Heard while it starts, and heeded once there is something to end.
const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
const stack = await startStack({
  intervalSeconds: 5,
  pauseMs: 400,
  history: { servers: DEMO_SERVERS, days: 30, rawDays: 1 },
});
process.stdout.write(
  [
    `Prometheus    ${stack.prometheusUrl}`,
    `Alertmanager  ${stack.alertmanagerUrl}`,
    `Exporter      ${stack.exporterUrl}`,
    `Gateway       ${stack.gatewayUrl}`,
    '',
  ].join('\n'),
);
const stopping = new AbortController();
const dying = dieNowAndThen(stopping.signal);
await interrupted;
stopping.abort();
await dying;
await stack.stop();

async function dieNowAndThen(signal: AbortSignal): Promise<void> {
  const pause = (ms: number): Promise<void> =>
    delay(ms, undefined, { signal }).catch(() => undefined);
  while (!signal.aborted) {
    await stack.fleet.kill();
    await pause(DEAD_FOR_MS);
    if (signal.aborted) return;
    await stack.fleet.revive();
    await pause(DIES_EVERY_MS);
  }
}
