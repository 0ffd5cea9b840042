import type { Clock } from '../../src/facts/ports/clock.ts';
import type { HttpAppDeps } from '../../src/sinks/web/ports.ts';
import { createMaintenance } from '../../src/sources/control/maintenance.ts';
import { createMemoryLog } from './memory-log.ts';

/** The real control, without a store and with ids `w1`, `w2`, …; `servers` are configured. */
export function fakeMaintenance(
  clock: Clock,
  servers: readonly string[] = [],
): HttpAppDeps['maintenance'] {
  let count = 0;
  const maintenance = createMaintenance({
    clock,
    store: {
      isOff: false,
      findMaintenance: async () => [],
      addMaintenance: async () => undefined,
      removeMaintenance: async () => undefined,
    },
    log: createMemoryLog(),
    newId: () => `w${(count += 1)}`,
    publish: () => undefined,
    noteAction: () => undefined,
  });
  maintenance.apply(servers, []);
  return maintenance;
}
