import type { Config } from '../settings/config.ts';
import type { LogShipping, LogShippingOptions } from '../sinks/otel/start-log-shipping.ts';
import type { ServiceLog } from '../sinks/log/create-log.ts';

interface LogShippingParts extends Pick<
  LogShippingOptions,
  'version' | 'clock' | 'onExportFailure'
> {
  readonly log: ServiceLog;
}

/** Lets every line of the log go to a collector too. Nothing of OpenTelemetry is loaded where none is configured. */
export async function composeLogShipping(
  { log: { otlp }, tracing }: Pick<Config, 'log' | 'tracing'>,
  { log, ...parts }: LogShippingParts,
): Promise<Pick<LogShipping, 'dropped' | 'stop'>> {
  if (!otlp) return { dropped: () => 0, stop: async () => undefined };
  const { startLogShipping } = await import('../sinks/otel/start-log-shipping.ts');
  const { serviceName } = tracing;
  const shipping = await startLogShipping({ ...parts, log, config: { ...otlp, serviceName } });
  const endCopy = log.copyTo((text) => shipping.ship(text));
  return {
    dropped: () => shipping.dropped(),
    stop(timeoutMs) {
      endCopy();
      return shipping.stop(timeoutMs);
    },
  };
}
