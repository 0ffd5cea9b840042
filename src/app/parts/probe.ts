import { describeDisabling } from '../../facts/disabling.ts';
import type { SwitchViews } from '../../facts/ports/views.ts';
import { createConnector } from '../../sources/probe/connection/connector.ts';
import { createProber, type Prober } from '../../sources/probe/prober.ts';
import type { Part, PartContext } from '../part.ts';
import { VERSION } from '../version.ts';

export interface ProbePart extends Part {
  readonly prober: Prober;
}

export function createProbePart(
  { clock, hub, config, tokens, instance }: PartContext,
  switches: SwitchViews,
): ProbePart {
  const connector = createConnector({
    clientName: 'mcp-exporter',
    clientVersion: VERSION,
    clock,
    tokens,
    instance,
  });
  const prober = createProber({
    connector,
    clock,
    random: Math.random,
    hub,
    concurrency: config.probe.concurrency,
    whyDisabled(server) {
      const disabling = switches.find(server);
      // One that was disabled automatically is still checked, to find out when it is back.
      return disabling && !disabling.isAutomatic ? describeDisabling(disabling) : undefined;
    },
  });
  let unsubscribe = (): void => undefined;
  return {
    name: 'probe',
    prober,
    start() {
      unsubscribe = hub.subscribe((fact) => {
        if (fact.fact === 'disabling') prober.reconsider(fact.server);
      });
    },
    reload: ({ servers }) => prober.apply(servers),
    async stop() {
      unsubscribe();
      await prober.stop();
    },
    killChildren: () => connector.killChildren(),
  };
}
