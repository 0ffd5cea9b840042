import { memoryOperations, memoryUsage } from '../../catalog/library.ts';
import { onCollect } from '../metrics/family.ts';
import type { MetricRegistry } from '../metrics/metric-registry.ts';
import { partOf } from '../shared-state.ts';
import { boundedValues } from './bounded-family.ts';
import type { ResultStatus } from './record-tasks.ts';

export interface MemoryRecorder {
  /** @param type a store of yours, such as `cache` or `vector_index` */
  setUsage(type: string, bytes: number): void;
  operation(operation: string, status?: ResultStatus): void;
  /** Reads the memory of this process at each scrape: types `rss`, `heap_used`, `heap_total`, `external`, `array_buffers`. */
  sampleProcess(): void;
}

export function createMemoryRecorder(registry: MetricRegistry): MemoryRecorder {
  const usage = boundedValues(registry, memoryUsage);
  const operations = boundedValues(registry, memoryOperations);

  function readProcess(): void {
    const memory = process.memoryUsage();
    usage({ type: 'rss' }).value = memory.rss;
    usage({ type: 'heap_used' }).value = memory.heapUsed;
    usage({ type: 'heap_total' }).value = memory.heapTotal;
    usage({ type: 'external' }).value = memory.external;
    usage({ type: 'array_buffers' }).value = memory.arrayBuffers;
  }

  return {
    setUsage: (type, bytes) => void (usage({ type }).value = bytes),
    operation(operation, status = 'success') {
      operations({ operation, status }).value += 1;
    },
    sampleProcess() {
      partOf(registry, 'process memory', () => {
        readProcess();
        onCollect(registry, memoryUsage, readProcess);
        return true;
      });
    },
  };
}
