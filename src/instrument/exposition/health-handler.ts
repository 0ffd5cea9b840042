import type { MetricRegistry } from '../metrics/metric-registry.ts';
import { type PluginHealth, readPlugins } from '../recorders/record-plugins.ts';
import { type QueueHealth, readQueues } from '../recorders/record-queues.ts';
import { sharedState } from '../shared-state.ts';
import { createHttpHandler, type HttpHandler } from './answer-http.ts';

type Maybe<Value> = Value | Promise<Value>;

export interface HealthOptions {
  readonly version: string;
  /** By default, the sum of the queues that the recorders know. */
  readonly queueSize?: () => Maybe<number>;
  /** Plugins in addition to those that the recorders know. */
  readonly plugins?: () => Maybe<Readonly<Record<string, PluginHealth>>>;
  /** What has to be true for `healthy`, by name. A check that throws, or takes 2 seconds, has failed. */
  readonly checks?: Readonly<Record<string, () => Maybe<boolean>>>;
  readonly registry?: MetricRegistry;
}

/** The answer of `/health`. */
export interface HealthAnswer {
  /** `degraded` if a check fails or a plugin is not available. */
  readonly status: 'healthy' | 'degraded';
  readonly version: string;
  /** Seconds since the start of the process. */
  readonly uptime: number;
  readonly queue_size: number;
  readonly plugins: Readonly<Record<string, PluginHealth>>;
  readonly queues: Readonly<Record<string, QueueHealth>>;
  readonly checks: Readonly<Record<string, boolean>>;
  readonly process: {
    readonly memory_bytes: number;
    readonly heap_used_bytes: number;
    /** Processor time since the request before, as a share of one core. */
    readonly cpu_ratio: number;
  };
}

const CHECK_MS_MAX = 2_000;

/** Serves the health of the server as JSON, always with 200: an answer says that the process serves. */
export function healthHandler(options: HealthOptions): HttpHandler {
  const readCpu = createCpuReader();
  return createHttpHandler(async () => ({
    status: 200,
    contentType: 'application/json',
    body: `${JSON.stringify(await readHealth(options, readCpu))}\n`,
  }));
}

async function readHealth(options: HealthOptions, readCpu: () => number): Promise<HealthAnswer> {
  const registry = options.registry ?? sharedState().registry;
  const [queues, more, checks] = await Promise.all([
    readQueues(registry),
    options.plugins?.(),
    runChecks(options.checks ?? {}),
  ]);
  const plugins = { ...readPlugins(registry), ...more };
  const sizes = Object.values(queues).map(({ size }) => size);
  const isHealthy =
    Object.values(checks).every(Boolean) &&
    Object.values(plugins).every(({ available }) => available);
  const { rss, heapUsed } = process.memoryUsage();
  return {
    status: isHealthy ? 'healthy' : 'degraded',
    version: options.version,
    uptime: Math.round(process.uptime()),
    queue_size: (await options.queueSize?.()) ?? sizes.reduce((sum, size) => sum + size, 0),
    plugins,
    queues,
    checks,
    process: { memory_bytes: rss, heap_used_bytes: heapUsed, cpu_ratio: readCpu() },
  };
}

async function runChecks(
  checks: NonNullable<HealthOptions['checks']>,
): Promise<Record<string, boolean>> {
  const results = Object.entries(checks).map(
    async ([name, check]) => [name, await passes(check)] as const,
  );
  return Object.fromEntries(await Promise.all(results));
}

async function passes(check: () => Maybe<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), CHECK_MS_MAX);
  });
  try {
    return await Promise.race([check(), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

function createCpuReader(): () => number {
  let cpu = process.cpuUsage();
  let atMs = performance.now();
  return () => {
    const nowMs = performance.now();
    const { user, system } = process.cpuUsage(cpu);
    const ratio = (user + system) / 1000 / Math.max(1, nowMs - atMs);
    cpu = process.cpuUsage();
    atMs = nowMs;
    return Math.round(ratio * 1000) / 1000;
  };
}
