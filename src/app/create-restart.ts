import type { RestartCommands } from '../facts/ports/commands.ts';
import type { Gateway } from '../sources/gateway/create-gateway.ts';
import type { Prober } from '../sources/probe/prober.ts';

/** Restarts what both sources have open to a stdio server. */
export function createRestart(
  prober: Pick<Prober, 'detail' | 'reopen'>,
  gateway: Pick<Gateway, 'close'>,
): RestartCommands {
  return {
    async restart(name) {
      const detail = prober.detail(name);
      if (detail?.transport !== 'stdio' || detail.status === 'disabled') return undefined;
      gateway.close(name);
      return prober.reopen(name);
    },
  };
}
