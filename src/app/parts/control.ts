import type { AlertCommands } from '../../facts/ports/commands.ts';
import type { DisablingStore } from '../../facts/ports/disabling-store.ts';
import { createAutoDisable } from '../../sources/control/auto-disable.ts';
import { createServerSwitch, type ServerSwitch } from '../../sources/control/server-switch.ts';
import type { Part, PartContext } from '../part.ts';

export interface ControlPart extends Part {
  readonly switches: ServerSwitch;
}

export function createControlPart(
  { clock, log, hub }: PartContext,
  store: DisablingStore,
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
  const autoDisable = createAutoDisable({ clock, switches });
  let unsubscribe = (): void => undefined;
  return {
    name: 'control',
    switches,
    start() {
      unsubscribe = hub.subscribe((fact) => autoDisable.note(fact));
      return switches.restore();
    },
    reload({ servers }) {
      switches.retain(servers.map(({ name }) => name));
      autoDisable.apply(servers);
    },
    stop() {
      unsubscribe();
      autoDisable.stop();
      switches.stop();
    },
  };
}
