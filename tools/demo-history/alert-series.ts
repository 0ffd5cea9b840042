import { type Series, TARGET } from './series.ts';
import { timeAt, type Timeline } from './timeline.ts';
import type { DemoServer, Incident } from './demo-server.ts';

const PENDING_SECONDS = 600;
const DAY_SECONDS = 86_400;

interface Alert {
  readonly alertname: string;
  readonly severity: 'critical' | 'warning' | 'info';
  /** Whether it waits before it fires. */
  readonly isPatient: boolean;
}

/** The alerts that an incident would have set off. */
function alertsOf({ isDown, failureRatio = 0, latency = 1, traffic = 1 }: Incident): Alert[] {
  return [
    ...(isDown
      ? [{ alertname: 'McpServerOffline', severity: 'critical', isPatient: false } as const]
      : []),
    ...(failureRatio > 0.05
      ? [
          { alertname: 'HighErrorRate', severity: 'critical', isPatient: true } as const,
          { alertname: 'ErrorRateAboveThreshold', severity: 'warning', isPatient: true } as const,
        ]
      : []),
    ...(latency > 1
      ? [
          { alertname: 'SlowResponses', severity: 'warning', isPatient: true } as const,
          { alertname: 'McpLatencyAnomaly', severity: 'warning', isPatient: true } as const,
        ]
      : []),
    ...(traffic === 1
      ? []
      : [{ alertname: 'McpTrafficAnomaly', severity: 'info', isPatient: true } as const]),
  ];
}

/** `ALERTS` and `ALERTS_FOR_STATE`, which Prometheus writes itself. */
export function alertSeries(
  servers: readonly DemoServer[],
  timeline: Timeline,
  nowSeconds: number,
): Series[] {
  const series = new Map<string, Series>();
  const put = (name: string, labels: Series['labels'], index: number, value: number): void => {
    const key = JSON.stringify([name, labels]);
    const found = series.get(key) ?? {
      name,
      labels,
      values: new Float64Array(timeline.length).fill(NaN),
    };
    found.values[index] = value;
    series.set(key, found);
  };
  for (const { name: server, incidents } of servers)
    for (const incident of incidents) {
      const fromSeconds = nowSeconds - incident.daysAgo * DAY_SECONDS;
      const untilSeconds = fromSeconds + incident.hours * 3_600;
      for (const { alertname, severity, isPatient } of alertsOf(incident))
        for (const index of between(timeline, fromSeconds, untilSeconds)) {
          const labels = { ...TARGET, alertname, server, severity, component: 'mcp' };
          const isPending = isPatient && timeAt(timeline, index) < fromSeconds + PENDING_SECONDS;
          put('ALERTS', { ...labels, alertstate: isPending ? 'pending' : 'firing' }, index, 1);
          put('ALERTS_FOR_STATE', labels, index, Math.round(fromSeconds));
        }
    }
  return [...series.values()];
}

function between(timeline: Timeline, fromSeconds: number, untilSeconds: number): number[] {
  const indexOf = (seconds: number): number =>
    (seconds - timeline.startSeconds) / timeline.stepSeconds;
  const first = Math.max(0, Math.ceil(indexOf(fromSeconds)));
  const last = Math.min(timeline.length - 1, Math.floor(indexOf(untilSeconds)));
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}
