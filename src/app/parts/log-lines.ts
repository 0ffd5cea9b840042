import { logCalls } from '../../sinks/log/log-calls.ts';
import { logFacts } from '../../sinks/log/log-facts.ts';
import type { Part, PartContext } from '../part.ts';

/** Writes facts into the log. */
export function createLogLinesPart({ config, clock, hub, log }: PartContext): Part {
  let ends: readonly (() => void)[] = [];
  return {
    name: 'log lines',
    start() {
      ends = [
        hub.subscribe(log.labels.note),
        logFacts(hub, log),
        logCalls(hub, log, { ...config.log, audit: true, clock }),
      ];
    },
    stop() {
      for (const end of ends) end();
    },
  };
}
