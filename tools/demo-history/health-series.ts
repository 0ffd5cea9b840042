import { type Status, STATUSES } from '../../src/facts/rules/health.ts';
import { probeDuration } from '../../src/catalog/probe.ts';
import { histogramQuantile, leOf } from './latency.ts';
import { type Series, TARGET } from './series.ts';
import type { Values } from './timeline.ts';
import type { ServerTraffic } from './traffic.ts';
import { countPresent, divide, mean, sum, total } from './window-functions.ts';

const CHECKS_PER_SECOND = 1 / 30;
const WARNING_SECONDS = 0.5;
const CRITICAL_SECONDS = 1;
const BOUNDS_SECONDS: readonly number[] = [...(probeDuration.buckets ?? []), Infinity];
const WINDOWS_DAYS = { ratio_24h: 1, ratio_7d: 7, ratio_30d: 30 } as const;

/** What the exporter would have reported about the server. */
export function statusAt(traffic: ServerTraffic, index: number): Status {
  const { isUp, checkSeconds, failureRatio } = traffic;
  if (isUp[index] === 0) return 'offline';
  const seconds = checkSeconds[index] ?? 0;
  const ratio = failureRatio[index] ?? 0;
  if (ratio > 0.05 || seconds > CRITICAL_SECONDS) return 'critical';
  return ratio > 0.01 || seconds > WARNING_SECONDS ? 'warning' : 'healthy';
}

/** `mcp-probes`, `mcp-status`, `mcp-availability` and `mcp-uptime` of the rules. */
export function* healthSeries(
  fleet: readonly ServerTraffic[],
  samplesPerDay: number,
): Generator<Series> {
  for (const traffic of fleet) yield* serverHealth(traffic, samplesPerDay);
  for (const status of STATUSES) {
    const name = 'gateway_status:mcp_servers:sum';
    const has = fleet.map((traffic) =>
      traffic.isUp.map((_up, index) => (statusAt(traffic, index) === status ? 1 : 0)),
    );
    yield { name, labels: { ...TARGET, status }, values: sum(has) };
  }
  const ups = fleet.map(({ isUp }) => isUp);
  const [up, known] = [sum(ups), countPresent(ups)];
  yield { name: 'gateway:mcp_servers_up:sum', labels: TARGET, values: up };
  yield { name: 'gateway:mcp_servers_known:count', labels: TARGET, values: known };
  for (const [name, days] of Object.entries(WINDOWS_DAYS)) {
    const window = days * samplesPerDay;
    const values = divide(total(up, window), total(known, window));
    yield { name: `gateway:mcp_server_up:${name}`, labels: TARGET, values };
  }
}

function* serverHealth(traffic: ServerTraffic, samplesPerDay: number): Generator<Series> {
  const { server, isUp, checkSeconds } = traffic;
  const labels = { ...TARGET, server: server.name };
  const probe = 'gateway_server:mcp_probe_duration_seconds';
  const count = isUp.map(() => CHECKS_PER_SECOND);
  const buckets = BOUNDS_SECONDS.map((bound) =>
    checkSeconds.map((seconds) => (seconds <= bound ? CHECKS_PER_SECOND : 0)),
  );
  for (const [index, values] of buckets.entries())
    yield {
      name: `${probe}_bucket:rate5m`,
      labels: { ...labels, le: leOf(BOUNDS_SECONDS[index] ?? Infinity) },
      values,
    };
  const seconds = checkSeconds.map((each) => each * CHECKS_PER_SECOND);
  yield { name: `${probe}_sum:rate5m`, labels, values: seconds };
  yield { name: `${probe}_count:rate5m`, labels, values: count };
  yield { name: `${probe}:mean5m`, labels, values: divide(seconds, count) };
  const values = histogramQuantile(0.95, BOUNDS_SECONDS, buckets);
  yield { name: `${probe}:p95_rate5m`, labels, values };
  yield {
    name: 'gateway_server_reason:mcp_probe_failures:rate5m',
    labels: { ...labels, reason: 'refused' },
    values: isUp.map((up) => (1 - up) * CHECKS_PER_SECOND),
  };
  yield {
    name: 'gateway_server:mcp_server_protocol:revision',
    labels,
    values: isUp.map(() => Number(server.protocolVersion.replaceAll('-', ''))),
  };
  yield { name: 'gateway_server:mcp_server_up:known', labels, values: isUp };
  for (const [name, days] of Object.entries(WINDOWS_DAYS))
    yield {
      name: `gateway_server:mcp_server_up:${name}`,
      labels,
      values: mean(isUp, days * samplesPerDay),
    };
}

/** The checks, for those who count them. */
export const PROBES: {
  readonly perSecond: number;
  readonly boundsSeconds: readonly number[];
} = { perSecond: CHECKS_PER_SECOND, boundsSeconds: BOUNDS_SECONDS };

/** Where the status is another than before; the first moment is none. */
export function statusChanges(traffic: ServerTraffic, to: Status): Values {
  let count = 0;
  return traffic.isUp.map((_up, index) => {
    const isNew = index > 0 && statusAt(traffic, index) !== statusAt(traffic, index - 1);
    if (isNew && statusAt(traffic, index) === to) count += 1;
    return count;
  });
}
