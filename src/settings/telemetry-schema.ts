import { SECRET_NAMES } from '../facts/rules/redact-arguments.ts';
import { TRACE_EXPORTERS } from './config.ts';
import { amount, choice, flag, list, map, secret, section, text } from './schema-types.ts';

export const TELEMETRY_DEFAULTS = {
  exporter: 'none',
  sampleRatio: 1,
  serviceName: 'mcp-exporter',
  toolHistogram: true,
  otelHistograms: false,
  auditArguments: false,
  redactKeys: SECRET_NAMES,
} as const;

/** `tracing:` */
export const TracingSchema = section(
  {
    exporter: choice(TRACE_EXPORTERS, {
      description: 'Where spans of the gateway go.',
      default: TELEMETRY_DEFAULTS.exporter,
    }).optional(),
    endpoint: text({
      description:
        'Address of the collector: http or https, for `jaeger` also `udp://host:port`; left out, the usual one of the protocol on this machine. Without a path it gets that of the protocol.',
      examples: ['http://127.0.0.1:4318'],
    })
      .refine(isCollectorUrl, {
        error: 'must be an absolute URL that starts with http://, https:// or, for jaeger, udp://',
      })
      .optional(),
    headers: map(secret({ description: 'Value of the header.' }), {
      description: 'Sent with every export, but for `jaeger`. Values are secrets.',
      examples: [{ Authorization: 'Bearer ${TRACES_TOKEN}' }],
    }).optional(),
    sampleRatio: amount(0, 1, {
      description:
        'Share of the traces begun here that are recorded; what a client decided about its own holds.',
      default: TELEMETRY_DEFAULTS.sampleRatio,
    }).optional(),
    serviceName: text({
      description: '`service.name` of the spans.',
      default: TELEMETRY_DEFAULTS.serviceName,
    }).optional(),
  },
  { description: 'One span for each call through the gateway.', reloadable: false },
);

/** The same collector may take logs and traces: variable of the OpenTelemetry specification, for logs alone. */
export const LOGS_ENDPOINT_VARIABLE = 'OTEL_EXPORTER_OTLP_LOGS_ENDPOINT';

/** `log.otlp:` */
export const OtlpLogSchema = section(
  {
    endpoint: text({
      description:
        'URL for OTLP over HTTP (protobuf): a collector, or Loki itself. Without a path it gets `/v1/logs`.',
      examples: ['http://127.0.0.1:4318', 'http://loki:3100/otlp/v1/logs'],
    }).refine(isHttpUrl, { error: 'must be an absolute URL that starts with http:// or https://' }),
    headers: map(secret({ description: 'Value of the header.' }), {
      description: 'Sent with every export. Values are secrets.',
      examples: [{ Authorization: 'Bearer ${LOGS_TOKEN}' }],
    }).optional(),
  },
  {
    description: `Every line to a collector too, as OTLP log records. Without it \`${LOGS_ENDPOINT_VARIABLE}\` of the environment says where, and without that they are not sent.`,
  },
);

/** `metrics:` */
export const MetricsSchema = section(
  {
    toolHistogram: flag({
      description:
        'Whether `mcp_request_duration_seconds` has the label `tool`: its largest part where servers have many tools.',
      default: TELEMETRY_DEFAULTS.toolHistogram,
    }).optional(),
    otelHistograms: flag({
      description: 'Whether the histograms of the OpenTelemetry conventions for MCP are there too.',
      default: TELEMETRY_DEFAULTS.otelHistograms,
    }).optional(),
  },
  { description: 'What is on the metrics page.', reloadable: false },
);

/** `audit:` */
export const AuditSchema = section(
  {
    arguments: flag({
      description: 'Whether the arguments of tool calls are in the audit log, redacted.',
      default: TELEMETRY_DEFAULTS.auditArguments,
    }).optional(),
    redactKeys: list(text({ description: 'Part of a key, whatever its case.' }), {
      description:
        'Arguments whose key holds one of these are masked, at any depth. Replaces the built-in list.',
      default: TELEMETRY_DEFAULTS.redactKeys,
    }).optional(),
  },
  { description: 'What is written down of tool calls.', reloadable: false },
);

/** One that OTLP over HTTP can be sent to. */
export function isHttpUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && ['http:', 'https:'].includes(url.protocol) && url.host !== '';
}

function isCollectorUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && ['http:', 'https:', 'udp:'].includes(url.protocol) && url.host !== '';
}
