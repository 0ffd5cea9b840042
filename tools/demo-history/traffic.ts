import { activityAt } from '../../src/demo/fleet/daily-rhythm.ts';
import type { DemoServer, Incident } from './demo-server.ts';
import { createNoise, type Noise } from './noise.ts';
import { fill, timeAt, type Timeline, type Values } from './timeline.ts';

const DAY_SECONDS = 86_400;
/** Load and speed drift from one half hour to the next, and vary a little from one moment to the next. */
const KNOT_SECONDS = 1_800;
const WANDER = 0.08;
/** The window of recorded rates: the noise of counting depends on the requests within it. */
const RATE_SECONDS = 300;
const FAILURES_WHILE_DOWN = 0.97;

const OPERATIONS = [
  { name: 'tools/call', share: 0.8 },
  { name: 'tools/list', share: 0.12 },
  { name: 'initialize', share: 0.08 },
] as const;
type Operation = (typeof OPERATIONS)[number]['name'];

/** What happened to one operation of a server. */
export interface OperationTraffic {
  readonly operation: Operation;
  /** Per second. */
  readonly requests: Values;
  readonly failed: Values;
  readonly medianSeconds: Values;
}

export interface ServerTraffic {
  readonly server: DemoServer;
  readonly operations: readonly OperationTraffic[];
  /** 1 or 0. */
  readonly isUp: Values;
  /** Steady checks, seconds. */
  readonly checkSeconds: Values;
  readonly failureRatio: Values;
}

/** The traffic of a server over a timeline. It is the same on every timeline that ends at `nowSeconds`. */
export function simulate(
  server: DemoServer,
  timeline: Timeline,
  nowSeconds: number,
): ServerTraffic {
  const course = courseOf(server, timeline, nowSeconds);
  const pace = createNoise(`${server.name} pace`);
  const slowness = fill(
    timeline,
    (index) =>
      course.factor('latency', index) *
      Math.exp(WANDER * pace.drift(timeAt(timeline, index) / KNOT_SECONDS)),
  );
  const checks = createNoise(`${server.name} checks`);
  return {
    server,
    operations: OPERATIONS.map((operation) =>
      simulateOperation({ ...operation, server, timeline, nowSeconds, course, slowness }),
    ),
    isUp: fill(timeline, (index) => (course.isDown(index) ? 0 : 1)),
    checkSeconds: fill(
      timeline,
      (index) =>
        server.checkSeconds *
        (slowness[index] ?? 1) *
        Math.exp(0.15 * checks.normal(timeAt(timeline, index))),
    ),
    failureRatio: fill(timeline, course.failureRatio),
  };
}

interface OperationOptions {
  readonly name: Operation;
  /** Of the requests of the server. */
  readonly share: number;
  readonly server: DemoServer;
  readonly timeline: Timeline;
  readonly nowSeconds: number;
  readonly course: Course;
  readonly slowness: Values;
}

function simulateOperation(options: OperationOptions): OperationTraffic {
  const { name, share, server, timeline, nowSeconds, course, slowness } = options;
  const noise = createNoise(`${server.name} ${name}`);
  const requests = fill(timeline, (index) =>
    countNoise(
      share *
        usualRate(server, timeAt(timeline, index), nowSeconds, noise) *
        course.factor('traffic', index) *
        // Clients call a server that is down less often.
        (course.isDown(index) ? 0.6 : 1),
      noise,
      timeAt(timeline, index),
    ),
  );
  const failing = name === 'tools/call' ? 1 : 0.1;
  const failures = createNoise(`${server.name} ${name} failures`);
  const failed = fill(timeline, (index) => {
    const ratio = course.failureRatio(index) * (course.isDown(index) ? 1 : failing);
    const rate = (requests[index] ?? 0) * ratio;
    return Math.min(requests[index] ?? 0, countNoise(rate, failures, timeAt(timeline, index)));
  });
  const median = name === 'tools/call' ? server.callSeconds : server.checkSeconds;
  const medianSeconds = fill(timeline, (index) => median * (slowness[index] ?? 1));
  return { operation: name, requests, failed, medianSeconds };
}

/** What the incidents of a server do to it at each step of a timeline. */
interface Course {
  readonly isDown: (index: number) => boolean;
  readonly factor: (key: 'traffic' | 'latency', index: number) => number;
  readonly failureRatio: (index: number) => number;
}

function courseOf(server: DemoServer, timeline: Timeline, nowSeconds: number): Course {
  const active = activeIncidents(server, timeline, nowSeconds);
  const at = (index: number): readonly Incident[] => active.get(index) ?? [];
  const isDown = (index: number): boolean => at(index).some((incident) => incident.isDown === true);
  return {
    isDown,
    factor: (key, index) =>
      at(index).reduce((product, incident) => product * (incident[key] ?? 1), 1),
    failureRatio(index) {
      if (isDown(index)) return FAILURES_WHILE_DOWN;
      const ratios = at(index).flatMap(({ failureRatio }) => failureRatio ?? []);
      return Math.max(server.failureRatio, ...ratios);
    },
  };
}

function usualRate(
  server: DemoServer,
  timeSeconds: number,
  nowSeconds: number,
  noise: Noise,
): number {
  const daysAgo = (nowSeconds - timeSeconds) / DAY_SECONDS;
  return (
    server.requestsPerSecond *
    activityAt(server.rhythm, new Date(timeSeconds * 1_000)) *
    server.growthPerDay ** -daysAgo *
    Math.exp(WANDER * noise.drift(timeSeconds / KNOT_SECONDS))
  );
}

/** A rate as it is counted: the fewer requests, the more noise. */
function countNoise(rate: number, noise: Noise, timeSeconds: number): number {
  const count = rate * RATE_SECONDS;
  const counted = count + Math.sqrt(count) * noise.normal(timeSeconds);
  return Math.max(0, Math.round(counted)) / RATE_SECONDS;
}

function activeIncidents(
  { incidents }: DemoServer,
  timeline: Timeline,
  nowSeconds: number,
): ReadonlyMap<number, readonly Incident[]> {
  const active = new Map<number, Incident[]>();
  for (const incident of incidents) {
    const fromSeconds = nowSeconds - incident.daysAgo * DAY_SECONDS;
    const toSeconds = fromSeconds + incident.hours * 3_600;
    const first = Math.ceil((fromSeconds - timeline.startSeconds) / timeline.stepSeconds);
    const last = Math.floor((toSeconds - timeline.startSeconds) / timeline.stepSeconds);
    for (let index = Math.max(0, first); index <= Math.min(last, timeline.length - 1); index += 1)
      active.set(index, [...(active.get(index) ?? []), incident]);
  }
  return active;
}
