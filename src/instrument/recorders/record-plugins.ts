import { pluginExecutionDuration, pluginExecutions } from '../../catalog/library.ts';
import { observeResult } from '../manual/observe-result.ts';
import type { MetricRegistry } from '../metrics/metric-registry.ts';
import { partOf } from '../shared-state.ts';
import { boundedDurations, boundedValues } from './bounded-family.ts';
import { type ResultStatus, statusOfError } from './record-tasks.ts';

export interface PluginCommand {
  readonly plugin: string;
  readonly command: string;
}

/** What `/health` says about a plugin. */
export interface PluginHealth {
  readonly available: boolean;
  /** ISO 8601; absent before the first execution. */
  readonly last_execution?: string;
  /** Share of the last 100 executions that failed, 0 to 1. */
  readonly error_rate: number;
}

export interface PluginRecorder {
  /** Runs a command of a plugin, and records how it ends. */
  execute<Result>(command: PluginCommand, run: () => Result): Result;
  executed(
    execution: PluginCommand & { readonly status: ResultStatus; readonly durationMs: number },
  ): void;
  /** A plugin that cannot be used at the moment, or can be again: for `/health`. */
  setAvailable(plugin: string, isAvailable: boolean): void;
}

interface PluginState {
  isAvailable: boolean;
  lastMs: number | undefined;
  /** Whether each of the last executions failed, the latest last. */
  readonly failures: boolean[];
}

const RECENT_MAX = 100;
/** Plugins that `/health` lists. */
const PLUGINS_MAX = 50;

export function createPluginRecorder(registry: MetricRegistry): PluginRecorder {
  const executions = boundedValues(registry, pluginExecutions);
  const durations = boundedDurations(registry, pluginExecutionDuration);

  const executed: PluginRecorder['executed'] = ({ plugin, command, status, durationMs }) => {
    executions({ plugin, command, status }).value += 1;
    durations({ plugin, command }).observe(durationMs / 1000);
    const state = stateOf(registry, plugin);
    if (!state) return;
    state.lastMs = Date.now();
    state.failures.push(status === 'error' || status === 'timeout');
    if (state.failures.length > RECENT_MAX) state.failures.shift();
  };

  return {
    executed,
    execute(command, run) {
      const startedMs = performance.now();
      const record = (status: ResultStatus): void =>
        executed({ ...command, status, durationMs: performance.now() - startedMs });
      return observeResult(run, {
        returned: () => record('success'),
        failed: ({ name }) => record(statusOfError(name)),
      });
    },
    setAvailable(plugin, isAvailable) {
      const state = stateOf(registry, plugin);
      if (state) state.isAvailable = isAvailable;
    },
  };
}

/** The plugins that the recorder knows, by name. */
export function readPlugins(registry: MetricRegistry): Record<string, PluginHealth> {
  const described = [...statesOf(registry)].map(([plugin, { isAvailable, lastMs, failures }]) => {
    const failed = failures.filter(Boolean).length;
    const health: PluginHealth = {
      available: isAvailable,
      ...(lastMs !== undefined && { last_execution: new Date(lastMs).toISOString() }),
      error_rate: failures.length === 0 ? 0 : failed / failures.length,
    };
    return [plugin, health] as const;
  });
  return Object.fromEntries(described);
}

function statesOf(registry: MetricRegistry): Map<string, PluginState> {
  return partOf(registry, 'plugins', () => new Map());
}

function stateOf(registry: MetricRegistry, plugin: string): PluginState | undefined {
  const states = statesOf(registry);
  const known = states.get(plugin);
  if (known || states.size >= PLUGINS_MAX) return known;
  const state: PluginState = { isAvailable: true, lastMs: undefined, failures: [] };
  states.set(plugin, state);
  return state;
}
