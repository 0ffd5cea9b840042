import { STATUSES } from '../../src/facts/rules/health.ts';
import {
  probeConsecutiveFailures,
  probeDuration,
  probeFailures,
  probeInterval,
  probeLastDuration,
  probeLastRun,
  probeLastSuccess,
  probePhaseDuration,
  probeResponse,
  probeSuccess,
} from '../../src/catalog/probe.ts';
import { processCpu, processResidentMemory } from '../../src/catalog/process.ts';
import {
  serverCapabilities,
  serverInfo,
  serverResponseTime,
  serverStatus,
  serverStatusChanges,
  serverStatusCode,
  serverUp,
} from '../../src/catalog/server.ts';
import { PROBES, statusAt, statusChanges } from './health-series.ts';
import { leOf } from './latency.ts';
import { createNoise } from './noise.ts';
import { counted, rawSeries } from './raw-metric.ts';
import type { Series } from './series.ts';
import { fill, timeAt, type Timeline, type Values } from './timeline.ts';
import type { ServerTraffic } from './traffic.ts';
import { map } from './window-functions.ts';

/** What the shipped default is. */
const INTERVAL_SECONDS = 30;
/** Of a whole check. */
const PHASE_SHARES = { connect: 0.1, handshake: 0.6, list: 0.3 } as const;

/** Status, checks and child process of one server. */
export function* rawStatusSeries(traffic: ServerTraffic, timeline: Timeline): Generator<Series> {
  const { server, isUp, checkSeconds } = traffic;
  const own = { server: server.name };
  const statuses = isUp.map((_up, index) => STATUSES.indexOf(statusAt(traffic, index)));
  yield rawSeries(serverUp, own, isUp);
  yield rawSeries(serverStatusCode, own, statuses);
  for (const [code, status] of STATUSES.entries()) {
    const has = map(statuses, (each) => (each === code ? 1 : 0));
    yield rawSeries(serverStatus, { ...own, status }, has);
    const changes = statusChanges(traffic, status);
    yield rawSeries(serverStatusChanges, { ...own, to: status }, changes);
  }
  const { endpoint, transport, era, protocolVersion, implementation, version } = server;
  yield rawSeries(
    serverInfo,
    {
      ...own,
      endpoint,
      transport,
      era,
      protocol_version: protocolVersion,
      implementation,
      version,
    },
    map(isUp, () => 1),
  );
  const tools = map(isUp, () => server.tools.length);
  yield rawSeries(serverCapabilities, { ...own, kind: 'tools' }, tools);
  yield* rawCheckSeries(traffic, timeline);
  if (transport === 'stdio') {
    const noise = createNoise(`${server.name} process`);
    const cpu = fill(timeline, (index) => 0.01 + 0.004 * Math.abs(noise.normal(index)));
    const memory = fill(timeline, (index) => 72e6 + 6e6 * noise.drift(index / 120));
    yield rawSeries(processCpu, own, counted(cpu, timeline, false));
    yield rawSeries(processResidentMemory, own, memory);
  }
  yield rawSeries(probeLastDuration, own, checkSeconds);
  yield rawSeries(serverResponseTime, own, checkSeconds);
}

function* rawCheckSeries(
  { server, isUp, checkSeconds }: ServerTraffic,
  timeline: Timeline,
): Generator<Series> {
  const own = { server: server.name };
  const checks = map(isUp, () => PROBES.perSecond);
  yield rawSeries(probeSuccess, own, isUp);
  yield rawSeries(
    probeInterval,
    own,
    map(isUp, () => INTERVAL_SECONDS),
  );
  for (const histogram of [probeDuration, probeResponse]) {
    const { name } = histogram;
    for (const bound of PROBES.boundsSeconds) {
      const within = map(checkSeconds, (seconds) => (seconds <= bound ? PROBES.perSecond : 0));
      yield rawSeries(
        { ...histogram, name: `${name}_bucket`, labels: ['server', 'le'] },
        { ...own, le: leOf(bound) },
        counted(within, timeline),
      );
    }
    const spent = map(checkSeconds, (seconds) => seconds * PROBES.perSecond);
    yield rawSeries({ ...histogram, name: `${name}_sum` }, own, counted(spent, timeline, false));
    yield rawSeries({ ...histogram, name: `${name}_count` }, own, counted(checks, timeline));
  }
  for (const [phase, share] of Object.entries(PHASE_SHARES))
    yield rawSeries(
      probePhaseDuration,
      { ...own, phase },
      map(checkSeconds, (seconds) => seconds * share),
    );
  const failing = map(isUp, (up) => (1 - up) * PROBES.perSecond);
  yield rawSeries(probeFailures, { ...own, reason: 'refused' }, counted(failing, timeline));
  let inARow = 0;
  let lastSuccess = timeline.startSeconds;
  const rows: Values = isUp.map((up) => (inARow = up === 1 ? 0 : inARow + 1));
  const successes: Values = isUp.map((up, index) =>
    up === 1 ? (lastSuccess = timeAt(timeline, index)) : lastSuccess,
  );
  yield rawSeries(probeConsecutiveFailures, own, rows);
  yield rawSeries(probeLastSuccess, own, successes);
  yield rawSeries(
    probeLastRun,
    own,
    fill(timeline, (index) => timeAt(timeline, index)),
  );
}
