import type { ExportViews, LogViews } from '../../facts/ports/views.ts';
import type { LogShipping } from '../../sinks/otel/start-log-shipping.ts';
import type { Part, PartContext } from '../part.ts';
import { VERSION } from '../version.ts';

export interface LogShippingPart extends Part, LogViews, ExportViews {}

/** Sends every line of the log to a collector too. OpenTelemetry is loaded only if a collector is configured. */
export function createLogShippingPart(
  context: Pick<PartContext, 'config' | 'clock' | 'log'>,
): LogShippingPart {
  const { config, clock, log } = context;
  const { otlp } = config.log;
  let shipping: LogShipping | undefined;
  let endCopy = (): void => undefined;
  let failureCount = 0;
  return {
    name: 'log shipping',
    async start() {
      if (!otlp) return;
      const { startLogShipping } = await import('../../sinks/otel/start-log-shipping.ts');
      const started = await startLogShipping({
        version: VERSION,
        clock,
        log,
        config: { ...otlp, serviceName: config.tracing.serviceName ?? 'mcp-exporter' },
        onExportFailure: () => (failureCount += 1),
      });
      shipping = started;
      endCopy = log.copyTo((text) => started.ship(text));
    },
    async stop() {
      endCopy();
      await shipping?.stop();
    },
    dropped: () => shipping?.dropped() ?? 0,
    failures: () => failureCount,
  };
}
