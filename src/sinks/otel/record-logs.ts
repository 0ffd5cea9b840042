import { hostname } from 'node:os';
import type { LogRecord } from '@opentelemetry/api';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { guardExporter, type ExporterGuardOptions } from './guard-exporter.ts';
import type { OtlpLogSettings } from '../../facts/service-settings.ts';
import { revealHeaders } from './reveal-headers.ts';

const SCOPE = 'mcp-exporter';
const LOGS_PATH = '/v1/logs';
/** Small, because a batch is serialized in one go while calls wait. */
const BATCH_RECORDS = 256;
const BATCH_DELAY_MS = 1_000;

export interface LogRecorder {
  record(record: LogRecord): void;
  /** Exports queued records. Takes as long as the exporter does. */
  stop(): Promise<void>;
}

export interface LogRecorderOptions {
  readonly config: OtlpLogSettings & { readonly serviceName: string };
  readonly version: string;
  readonly queueRecordsMax: number;
  readonly guard: ExporterGuardOptions;
}

/** Feeds OpenTelemetry's SDK with records, which go out in batches as OTLP over HTTP with protobuf. */
export function createLogRecorder({
  config,
  version,
  queueRecordsMax,
  guard,
}: LogRecorderOptions): LogRecorder {
  const url = new URL(config.endpoint);
  // A base URL gets the signal's path, as that of the traces does.
  if (url.pathname === '/') url.pathname = LOGS_PATH;
  const exporter = new OTLPLogExporter({
    url: url.href,
    headers: revealHeaders(config.headers),
    timeoutMillis: guard.timeoutMs,
  });
  const provider = new LoggerProvider({
    // Without `service.instance.id`: it would change at each start, and Loki turns it into a label.
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.version': version, 'host.name': hostname() }))
      .merge(detectResources({ detectors: [envDetector] }))
      .merge(resourceFromAttributes({ 'service.name': config.serviceName })),
    processors: [
      new BatchLogRecordProcessor({
        exporter: guardExporter(exporter, guard),
        maxQueueSize: queueRecordsMax,
        maxExportBatchSize: Math.min(BATCH_RECORDS, queueRecordsMax),
        scheduledDelayMillis: BATCH_DELAY_MS,
        // The exporter's own timeout is shorter, so that each failure is reported once.
        exportTimeoutMillis: guard.timeoutMs + 1_000,
      }),
    ],
  });
  const logger = provider.getLogger(SCOPE, version);
  return { record: (record) => logger.emit(record), stop: () => provider.shutdown() };
}
