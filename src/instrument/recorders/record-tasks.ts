import {
  type RESULT_STATUSES,
  type TASK_PRIORITIES,
  taskDuration,
  tasksPending,
  tasksRunning,
} from '../../catalog/library.ts';
import { observeResult } from '../manual/observe-result.ts';
import type { MetricRegistry } from '../metrics/metric-registry.ts';
import { boundedDurations, boundedValues } from './bounded-family.ts';

export type TaskPriority = (typeof TASK_PRIORITIES)[number];
export type ResultStatus = (typeof RESULT_STATUSES)[number];

/** A task that waits or runs. What comes twice or too late changes nothing. */
export interface WaitingTask {
  start(): void;
  end(status: ResultStatus): void;
}

export interface TaskRecorder {
  /** A task that waits for its start. */
  add(task: { readonly type: string; readonly priority?: TaskPriority }): WaitingTask;
  /** Runs a task now, and records how it ends. */
  run<Result>(type: string, task: () => Result): Result;
}

export function createTaskRecorder(registry: MetricRegistry): TaskRecorder {
  const pending = boundedValues(registry, tasksPending);
  const running = boundedValues(registry, tasksRunning);
  const duration = boundedDurations(registry, taskDuration);

  function add({ type, priority = 'normal' }: Parameters<TaskRecorder['add']>[0]): WaitingTask {
    let state: 'waiting' | 'running' | 'over' = 'waiting';
    let startedMs = 0;
    pending({ priority }).value += 1;
    return {
      start() {
        if (state !== 'waiting') return;
        state = 'running';
        startedMs = performance.now();
        pending({ priority }).value -= 1;
        running({}).value += 1;
      },
      end(status) {
        // A task can be cancelled before it has started; it has no duration then.
        if (state === 'waiting') pending({ priority }).value -= 1;
        if (state === 'running') {
          running({}).value -= 1;
          const seconds = (performance.now() - startedMs) / 1000;
          duration({ task_type: type, status }).observe(seconds);
        }
        state = 'over';
      },
    };
  }

  return {
    add,
    run(type, run) {
      const task = add({ type });
      task.start();
      return observeResult(run, {
        returned: () => task.end('success'),
        failed: ({ name }) => task.end(statusOfError(name)),
      });
    },
  };
}

export function statusOfError(name: string): ResultStatus {
  if (name === 'AbortError') return 'cancelled';
  return name === 'TimeoutError' ? 'timeout' : 'error';
}
