import type { ChildExited, ChildStarted } from '../../facts/child-facts.ts';
import type { ServerSpec } from '../../facts/server.ts';
import {
  processCpu,
  processExits,
  processResidentMemory,
  processStartDuration,
} from '../../catalog/process.ts';
import type { ProcessUsage } from '../../facts/ports/process-usage.ts';
import type { Families } from './create-families.ts';

export interface ProcessRecorder {
  started(fact: ChildStarted): void;
  exited(fact: ChildExited): void;
  /** What the children use now; nothing while there is none. */
  usage(usage: ProcessUsage | undefined): void;
  /** The server is disabled: its next children begin to count anew. */
  forget(): void;
}

/** Fills the `mcp_server_process_*` families of one stdio server. */
export function createProcessRecorder(families: Families, server: ServerSpec): ProcessRecorder {
  const own = { server: server.name };
  const cpu = families.counter(processCpu);
  const residentMemory = families.gauge(processResidentMemory);
  let countedCpuSeconds = 0;

  return {
    started(fact) {
      families.gauge(processStartDuration).set(own, fact.startMs / 1000);
    },
    exited(fact) {
      families.counter(processExits).inc({ server: server.name, reason: fact.reason });
    },
    usage(usage) {
      residentMemory.set(own, usage?.residentBytes ?? 0);
      if (!usage || usage.cpuSeconds <= countedCpuSeconds) return;
      cpu.inc(own, usage.cpuSeconds - countedCpuSeconds);
      countedCpuSeconds = usage.cpuSeconds;
    },
    forget() {
      countedCpuSeconds = 0;
    },
  };
}
