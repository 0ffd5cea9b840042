import {
  type AGENT_STATUSES,
  agentsActive,
  agentsFailed,
  agentsSpawned,
} from '../../catalog/library.ts';
import type { MetricRegistry } from '../metrics/metric-registry.ts';
import { boundedValues } from './bounded-family.ts';

export type AgentStatus = (typeof AGENT_STATUSES)[number];

/** An agent that exists. */
export interface ActiveAgent {
  setStatus(status: AgentStatus): void;
  /** It is done. */
  end(): void;
  /** @param reason one of a few words, not a message */
  fail(reason: string): void;
}

export interface AgentRecorder {
  /** @param type what kind of agent it is, not which one */
  spawn(type: string, status?: AgentStatus): ActiveAgent;
}

export function createAgentRecorder(registry: MetricRegistry): AgentRecorder {
  const active = boundedValues(registry, agentsActive);
  const spawned = boundedValues(registry, agentsSpawned);
  const failed = boundedValues(registry, agentsFailed);
  return {
    spawn(type, initial = 'idle') {
      let status: AgentStatus | undefined = initial;
      spawned({ type }).value += 1;
      active({ type, status }).value += 1;
      const leave = (): boolean => {
        if (status === undefined) return false;
        active({ type, status }).value -= 1;
        status = undefined;
        return true;
      };
      return {
        setStatus(next) {
          if (!leave()) return;
          status = next;
          active({ type, status }).value += 1;
        },
        end: () => void leave(),
        fail(reason) {
          if (leave()) failed({ type, reason }).value += 1;
        },
      };
    },
  };
}
