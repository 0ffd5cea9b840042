import { createLog, type ServiceLog } from '../../sinks/log/create-log.ts';
import type { Part, PartContext } from '../part.ts';

export interface LogPart extends Part {
  readonly log: ServiceLog;
}

export function createLogPart(
  context: Omit<PartContext, 'log' | 'hub' | 'tokens' | 'apis'>,
): LogPart {
  const { config, logLevel, output, report, clock } = context;
  const level = logLevel ?? config.log.level;
  const log = createLog({ ...config.log, level, output, report, clock });
  return { name: 'log', log, stop: () => log.close() };
}
