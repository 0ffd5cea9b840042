import { authAttempts } from '../../src/catalog/auth.ts';
import {
  systemCpuPercent,
  systemCpuRatio,
  systemMemoryPercent,
  systemMemoryRatio,
} from '../../src/catalog/self.ts';
import { fleetActiveUsers, USER_WINDOW_NAMES } from '../../src/catalog/usage.ts';
import { machineUse } from './capacity-series.ts';
import { rawCallSeries } from './raw-call-series.ts';
import { counted, INSTANCE, rawSeries } from './raw-metric.ts';
import { rawStatusSeries } from './raw-status-series.ts';
import { type Series, TARGET } from './series.ts';
import { fleetUsers, usersOf } from './share-series.ts';
import type { Timeline, Values } from './timeline.ts';
import type { ServerTraffic } from './traffic.ts';
import { map, sum } from './window-functions.ts';

/** The exporter's own series, for the panels about hours. */
export function* allRawSeries(
  fleet: readonly ServerTraffic[],
  timeline: Timeline,
): Generator<Series> {
  for (const traffic of fleet) {
    yield* rawStatusSeries(traffic, timeline);
    yield* rawCallSeries(traffic, timeline);
  }
  const requests = sum(fleet.flatMap(({ operations }) => operations.map((each) => each.requests)));
  const { memory, cpu } = machineUse(requests);
  const percent = (ratio: Values): Values => map(ratio, (share) => share * 100);
  yield rawSeries(systemMemoryRatio, {}, memory);
  yield rawSeries(systemMemoryPercent, {}, percent(memory));
  yield rawSeries(systemCpuRatio, {}, cpu);
  yield rawSeries(systemCpuPercent, {}, percent(cpu));
  for (const window of USER_WINDOW_NAMES) {
    const users = fleet.map((one) => usersOf(one, window, 3_600 / timeline.stepSeconds));
    yield rawSeries(fleetActiveUsers, { window }, fleetUsers(users));
  }
  yield rawSeries(
    authAttempts,
    { method: 'bearer', status: 'success' },
    counted(requests, timeline),
  );
  yield {
    name: 'up',
    labels: { ...TARGET, instance: INSTANCE },
    values: map(requests, () => 1),
  };
}
