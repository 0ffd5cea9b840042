import type { MetricRegistry } from '../metrics/metric-registry.ts';
import { sharedState } from '../shared-state.ts';
import { type AgentRecorder, createAgentRecorder } from './record-agents.ts';
import { type AuthRecorder, createAuthRecorder } from './record-auth.ts';
import { createMemoryRecorder, type MemoryRecorder } from './record-memory.ts';
import { createNeuralRecorder, type NeuralRecorder } from './record-neural.ts';
import { createPluginRecorder, type PluginRecorder } from './record-plugins.ts';
import { createQueueRecorder, type QueueRecorder } from './record-queues.ts';
import { createTaskRecorder, type TaskRecorder } from './record-tasks.ts';

/** What a server counts that is no request: each family appears on the page once it is used. */
export interface RuntimeRecorders {
  readonly agents: AgentRecorder;
  readonly tasks: TaskRecorder;
  readonly memory: MemoryRecorder;
  readonly neural: NeuralRecorder;
  readonly auth: AuthRecorder;
  readonly plugins: PluginRecorder;
  readonly queues: QueueRecorder;
}

export interface RecordersOptions {
  /** By default, the one that all parts of this library share. */
  readonly registry?: MetricRegistry;
}

export function createRecorders(options: RecordersOptions = {}): RuntimeRecorders {
  const registry = options.registry ?? sharedState().registry;
  return {
    agents: createAgentRecorder(registry),
    tasks: createTaskRecorder(registry),
    memory: createMemoryRecorder(registry),
    neural: createNeuralRecorder(registry),
    auth: createAuthRecorder(registry),
    plugins: createPluginRecorder(registry),
    queues: createQueueRecorder(registry),
  };
}
