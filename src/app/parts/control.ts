import { randomBytes } from 'node:crypto';
import type { AlertCommands } from '../../facts/ports/commands.ts';
import type { DisablingStore } from '../../facts/ports/disabling-store.ts';
import type { MaintenanceStore } from '../../facts/ports/maintenance-store.ts';
import { createAutoDisable } from '../../sources/control/auto-disable.ts';
import { createMaintenance, type Maintenance } from '../../sources/control/maintenance.ts';
import { createServerSwitch, type ServerSwitch } from '../../sources/control/server-switch.ts';
import type { Part, PartContext } from '../part.ts';

export interface ControlPart extends Part {
  readonly switches: ServerSwitch;
  readonly maintenance: Maintenance;
}

export function createControlPart(
  { clock, log, hub }: PartContext,
  store: DisablingStore & MaintenanceStore,
  { noteAction }: Pick<AlertCommands, 'noteAction'>,
): ControlPart {
  const switches = createServerSwitch({
    clock,
    store,
    log,
    noteAction,
    onChange(server) {
      const isDisabled = switches.find(server) !== undefined;
      hub.publish({ fact: 'disabling', server, isDisabled });
    },
  });
  const maintenance = createMaintenance({
    clock,
    store,
    log,
    newId: () => randomBytes(4).toString('hex'),
    publish: hub.publish,
    noteAction,
  });
  const autoDisable = createAutoDisable({ clock, switches });
  let unsubscribe = (): void => undefined;
  return {
    name: 'control',
    switches,
    maintenance,
    async start() {
      unsubscribe = hub.subscribe((fact) => autoDisable.note(fact));
      await switches.restore();
      await maintenance.restore();
    },
    reload({ servers, maintenance: windows }) {
      const names = servers.map(({ name }) => name);
      switches.retain(names);
      autoDisable.apply(servers);
      maintenance.apply(names, windows);
    },
    stop() {
      unsubscribe();
      autoDisable.stop();
      maintenance.stop();
      switches.stop();
    },
  };
}
