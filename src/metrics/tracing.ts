import { metric } from './metric.ts';

const OTLP_SIGNALS = ['traces'] as const;

export const otlpExportFailures = metric({
  name: 'mcp_exporter_otlp_export_failures_total',
  kind: 'counter',
  help: 'Exports to a trace collector that failed, whatever the protocol; traffic does not wait for them.',
  labels: ['signal'],
  values: { signal: OTLP_SIGNALS },
  area: 'tracing',
  since: '0.1.0',
});

export const TRACING_METRICS = [otlpExportFailures] as const;
