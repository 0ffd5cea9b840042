import { queueSize, queueWait } from '../../catalog/library.ts';
import { onCollect } from '../metrics/family.ts';
import type { MetricRegistry } from '../metrics/metric-registry.ts';
import { partOf } from '../shared-state.ts';
import { boundedDurations, boundedValues } from './bounded-family.ts';

type ReadSize = () => number | Promise<number>;

/** A queue as `p-queue` has it. */
export interface PQueueLike {
  readonly size: number;
  add(task: never, options?: never): unknown;
}

/** A queue as BullMQ has it. */
export interface BullQueueLike {
  getWaitingCount(): Promise<number>;
}

/** A worker as BullMQ has it. */
export interface BullWorkerLike {
  on(event: 'active', listener: (job: BullJobLike) => void): unknown;
}

export interface BullJobLike {
  /** When it was added, and when it started: milliseconds since the Unix epoch. */
  readonly timestamp: number;
  readonly processedOn?: number | undefined;
}

/** What `/health` says about a queue. */
export interface QueueHealth {
  readonly size: number;
  /** Jobs that started in the last minute. */
  readonly started_per_minute: number;
  /** Of those, the mean. */
  readonly wait_seconds: number;
}

export interface QueueRecorder {
  /** @param size a number, or what is asked at each scrape */
  setSize(plugin: string, size: number | ReadSize): void;
  waited(plugin: string, durationMs: number): void;
  /** Size and waits of a `p-queue`. Call it once for each queue, before jobs are added. */
  observePQueue<Queue extends PQueueLike>(plugin: string, queue: Queue): Queue;
  /** Size and waits of a BullMQ queue. Waits need the worker. */
  observeBullQueue(plugin: string, queue: BullQueueLike, worker?: BullWorkerLike): void;
}

interface QueueState {
  read: ReadSize;
  /** Of the jobs that started lately. */
  readonly starts: { readonly atMs: number; readonly waitMs: number }[];
}

const RECENT_MS = 60_000;
const STARTS_MAX = 10_000;
const QUEUES_MAX = 50;

export function createQueueRecorder(registry: MetricRegistry): QueueRecorder {
  const sizes = boundedValues(registry, queueSize);
  const waits = boundedDurations(registry, queueWait);

  function setSize(plugin: string, size: number | ReadSize): void {
    const read = typeof size === 'number' ? () => size : size;
    if (typeof size === 'number') sizes({ plugin }).value = size;
    const states = statesOf(registry);
    const known = states.get(plugin);
    if (known) known.read = read;
    else if (states.size < QUEUES_MAX) states.set(plugin, { read, starts: [] });
    partOf(registry, 'queue sizes', () => {
      onCollect(registry, queueSize, () => collectSizes(registry, sizes));
      return true;
    });
  }

  function waited(plugin: string, durationMs: number): void {
    waits({ plugin }).observe(Math.max(0, durationMs) / 1000);
    const starts = statesOf(registry).get(plugin)?.starts;
    starts?.push({ atMs: Date.now(), waitMs: Math.max(0, durationMs) });
    if (starts && starts.length > STARTS_MAX) starts.shift();
  }

  return {
    setSize,
    waited,
    observePQueue(plugin, queue) {
      setSize(plugin, () => queue.size);
      const add = queue.add as (
        task: (...args: unknown[]) => unknown,
        options?: unknown,
      ) => unknown;
      const observed = (task: (...args: unknown[]) => unknown, options?: unknown): unknown => {
        const addedMs = performance.now();
        const run = (...args: unknown[]): unknown => {
          waited(plugin, performance.now() - addedMs);
          return task(...args);
        };
        return Reflect.apply(add, queue, [run, options]);
      };
      Object.defineProperty(queue, 'add', { value: observed, writable: true, configurable: true });
      return queue;
    },
    observeBullQueue(plugin, queue, worker) {
      setSize(plugin, () => queue.getWaitingCount());
      worker?.on('active', ({ timestamp, processedOn = Date.now() }) =>
        waited(plugin, processedOn - timestamp),
      );
    },
  };
}

/** The queues that the recorder knows, by plugin. */
export async function readQueues(registry: MetricRegistry): Promise<Record<string, QueueHealth>> {
  const sinceMs = Date.now() - RECENT_MS;
  const described = [...statesOf(registry)].map(async ([plugin, { read, starts }]) => {
    const recent = starts.filter(({ atMs }) => atMs >= sinceMs);
    const waitMs = recent.reduce((sum, start) => sum + start.waitMs, 0);
    const health: QueueHealth = {
      size: await read(),
      started_per_minute: recent.length,
      wait_seconds: recent.length === 0 ? 0 : waitMs / recent.length / 1000,
    };
    return [plugin, health] as const;
  });
  return Object.fromEntries(await Promise.all(described));
}

async function collectSizes(
  registry: MetricRegistry,
  sizes: ReturnType<typeof boundedValues<'plugin'>>,
): Promise<void> {
  await Promise.all(
    [...statesOf(registry)].map(async ([plugin, { read }]) => {
      try {
        sizes({ plugin }).value = await read();
      } catch {
        // A store that does not answer keeps its last size, and the page its other metrics.
      }
    }),
  );
}

function statesOf(registry: MetricRegistry): Map<string, QueueState> {
  return partOf(registry, 'queues', () => new Map());
}
