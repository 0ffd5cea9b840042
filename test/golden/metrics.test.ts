import { afterEach, expect, test, vi } from 'vitest';
import {
  callRecord,
  createTestMetrics,
  httpServer,
  observation,
  snapshotOf,
  START_MS,
  stdioServer,
} from '../unit/sinks/prometheus/sample-facts.ts';
import { buildDetail } from '../unit/sinks/web/fake-http-deps.ts';
import { asEpochMs } from '../../src/facts/time.ts';

/**
 * Goal: see every change of the page in review. A day in the life of three servers is told; times, versions and usage
 * are fixed by the builders, and Node's own metrics are left out because they differ from run to run.
 */
async function renderScript(accept: string): Promise<string> {
  const { metrics, publish } = createTestMetrics({
    views: {
      servers: {
        views: () => [{ ...buildDetail('files'), responseTimeMs: 3 }],
        processUsage: () => [
          { server: 'files', usage: { pid: 7, cpuSeconds: 1.5, residentBytes: 40_000_000 } },
        ],
      },
      log: { dropped: () => 2 },
    },
  });
  publish({ fact: 'server_added', server: stdioServer('files') });
  publish({ fact: 'server_added', server: httpServer('search') });
  publish({ fact: 'server_added', server: httpServer('off', { enabled: false }) });
  publish({ fact: 'server_added', server: httpServer('gone') });

  publish({ fact: 'child_start', server: 'files', pid: 7, startMs: 812.5 });
  publish(observation('files', { durationMs: 4, responseMs: 3 }));
  publish(
    observation('files', {
      kind: 'deep',
      durationMs: 900,
      phasesMs: { spawn: 800, handshake: 12.5, list: 30 },
      identity: {
        transport: 'stdio',
        era: 'legacy',
        protocolVersion: '2025-11-25',
        implementation: 'files "secure" \\ server',
        version: '1.0.0',
      },
      snapshot: {
        takenAtMs: asEpochMs(START_MS),
        lists: {
          tools: {
            definitions: [{ name: 'read', hash: '1', description: '' }],
            bytes: 345,
            ttlMs: 300_000,
          },
        },
      },
    }),
  );
  publish({
    fact: 'status',
    server: 'files',
    atMs: asEpochMs(START_MS),
    from: 'unknown',
    to: 'healthy',
    reason: '',
  });
  publish({
    fact: 'definitions',
    server: 'files',
    atMs: asEpochMs(START_MS),
    changes: [{ kind: 'tools', change: 'changed', name: 'read' }],
  });
  publish({
    fact: 'child_exit',
    server: 'files',
    reason: 'signal',
    code: null,
    signal: 'SIGKILL',
    stderrTail: '',
  });

  publish(
    observation('search', {
      durationMs: 120,
      phasesMs: { connect: 10, tls: 25.5 },
      tlsExpiresAtMs: asEpochMs(START_MS + 90 * 86_400_000),
    }),
  );
  for (let failure = 1; failure <= 3; failure += 1) {
    publish(
      observation(
        'search',
        {
          outcome: 'timeout',
          durationMs: 5_000,
          startedAtMs: asEpochMs(START_MS + failure * 10_000),
        },
        {
          status: failure < 3 ? 'healthy' : 'offline',
          consecutiveFailures: failure,
          nextInMs: 3_000,
          lagMs: 40,
        },
      ),
    );
  }
  publish({
    fact: 'status',
    server: 'search',
    atMs: asEpochMs(START_MS),
    from: 'healthy',
    to: 'offline',
    reason: '',
  });
  publish({
    fact: 'connectivity',
    suspected: true,
    atMs: asEpochMs(START_MS),
    servers: ['search'],
  });
  publish({ fact: 'reload', atMs: asEpochMs(START_MS + 60_000), ok: true, detail: '' });
  publish({ fact: 'reload', atMs: asEpochMs(START_MS + 90_000), ok: false, detail: 'one mistake' });
  publish({ fact: 'server_removed', server: 'gone' });
  return (await metrics.render(accept)).body;
}

test('the text page of the scripted day is the golden one', async () => {
  await expect(await renderScript('text/plain')).toMatchFileSnapshot('metrics.txt');
});

test('the OpenMetrics page of the scripted day is the golden one', async () => {
  await expect(await renderScript('application/openmetrics-text')).toMatchFileSnapshot(
    'metrics.openmetrics',
  );
});

afterEach(() => {
  vi.useRealTimers();
});

/** Goal: the same for a day at the gateway. The client stamps exemplars with the time of the system, which stands still. */
async function renderGatewayScript(accept: string): Promise<string> {
  vi.useFakeTimers({ now: START_MS, toFake: ['Date'] });
  const { metrics, publish } = createTestMetrics({
    gateway: true,
    otelHistograms: true,
    views: {
      gateway: {
        load: () => [
          {
            server: 'files',
            transport: 'http',
            sessions: 2,
            streams: 1,
            inFlight: 3,
            connections: 4,
          },
        ],
      },
      traceExports: { failures: () => 5 },
    },
  });
  publish({ fact: 'server_added', server: httpServer('files') });
  publish({ fact: 'server_added', server: httpServer('quiet') });
  publish(snapshotOf('files', ['read', 'write'], ['greet']));
  const { trace } = callRecord('files');
  publish(
    callRecord('files', {
      operation: 'initialize',
      durationMs: 12,
      requestBytes: 180,
      responseBytes: 900,
    }),
  );
  publish(
    callRecord('files', {
      trace: { ...trace, sampled: true },
      tokens: { input: 75, output: 250, source: 'estimated' },
      costUsd: 0.0125,
    }),
  );
  publish(
    callRecord('files', {
      target: 'write',
      outcome: 'tool_error',
      status: 500,
      errorType: 'tool_error',
      durationMs: 1_300,
      tokens: { input: 10, output: 20, source: 'reported' },
    }),
  );
  publish(
    callRecord('files', {
      target: 'unheard-of',
      outcome: 'client_error',
      status: 400,
      errorType: 'invalid_params',
      rpcCode: -32602,
    }),
  );
  publish(
    callRecord('files', {
      transport: 'stdio',
      verb: 'stdio',
      outcome: 'timeout',
      status: 504,
      errorType: 'timeout',
      durationMs: 30_000,
      responseBytes: 0,
    }),
  );
  publish(callRecord('files', { outcome: 'input_required', requestState: 'one' }));
  publish(
    callRecord('files', {
      direction: 'server_to_client',
      operation: 'sampling/createMessage',
      durationMs: 9_000,
    }),
  );
  publish(
    callRecord('_OTHER', {
      operation: '',
      outcome: 'denied',
      status: 404,
      errorType: 'unknown_server',
    }),
  );
  publish({ fact: 'auth', method: 'bearer', status: 'success' });
  publish({ fact: 'rate_limit', server: 'files', user: 'ada@example.com' });
  publish({
    fact: 'session',
    server: 'files',
    transport: 'http',
    protocolVersion: '2025-11-25',
    durationMs: 61_000,
  });
  publish({ fact: 'disagreement', server: 'files', disagrees: true, detail: '' });
  publish({ fact: 'upstream_request', server: 'files' });
  return (await metrics.render(accept)).body;
}

test('the text page of the scripted day at the gateway is the golden one', async () => {
  await expect(await renderGatewayScript('text/plain')).toMatchFileSnapshot('gateway-metrics.txt');
});

test('the OpenMetrics page of the scripted day at the gateway is the golden one', async () => {
  await expect(await renderGatewayScript('application/openmetrics-text')).toMatchFileSnapshot(
    'gateway-metrics.openmetrics',
  );
});
