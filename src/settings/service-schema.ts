import { z } from 'zod';
import { SECRET_NAMES } from '../facts/rules/redact-arguments.ts';
import { TRACE_EXPORTERS } from '../facts/service-settings.ts';
import { LOG_FORMATS, LOG_LEVELS } from './config.ts';
import {
  amount,
  choice,
  count,
  duration,
  flag,
  list,
  map,
  secret,
  section,
  size,
  text,
} from './schema-types.ts';
import { DAY, GB, HOUR, KB, MB } from './units.ts';

/** `probe:` */
export const ProbeSchema = section(
  {
    concurrency: count(1, 10_000, {
      description: 'Checks that may run at the same time.',
      reloadable: false,
    }).default(256),
    allowUrlTargets: flag({
      description:
        'Whether `/probe?target=` may name any http(s) URL. Whoever reaches the listener can then make the exporter call addresses of its network.',
    }).default(false),
  },
  { description: 'How checks are made.', reloadable: true },
);

/** `admin:` */
export const AdminSchema = section(
  {
    tokenFile: text({
      description:
        'File with the token (`Authorization: Bearer …`) for requests that change something. Without it only requests from this machine may.',
      examples: ['/run/secrets/mcp-exporter-admin'],
      secret: true,
    }).exactOptional(),
  },
  { description: 'Who may change something.', reloadable: false },
);

/** `alertWebhook:` */
export const AlertWebhookSchema = section(
  {
    tokenFile: text({
      description:
        'File with the token that Alertmanager must send (`http_config: authorization: credentials_file`). Without it notifications are taken from this machine only.',
      examples: ['/run/secrets/mcp-exporter-alerts'],
      secret: true,
    }).exactOptional(),
  },
  {
    description: 'Where Alertmanager sends its notifications: `POST /api/v1/alerts/webhook`.',
    reloadable: false,
  },
);

/** The same collector may take logs and traces: variable of the OpenTelemetry specification, for logs alone. */
export const LOGS_ENDPOINT_VARIABLE = 'OTEL_EXPORTER_OTLP_LOGS_ENDPOINT';

/** `log:` */
export const LogSchema = section(
  {
    level: choice(LOG_LEVELS, { description: 'Least severe level that is logged.' }).default(
      'info',
    ),
    access: flag({ description: 'A line for each call through the gateway.' }).default(true),
    format: choice(LOG_FORMATS, {
      description: '`auto` is pretty on a terminal and JSON elsewhere.',
    }).default('auto'),
    file: section(
      {
        path: text({
          description: 'Where to write, relative to this file.',
          examples: ['/var/log/mcp-exporter/exporter.log'],
        }),
        maxSize: size(10 * KB, 10 * GB, {
          description: 'A new file is begun at this size.',
        }).default(10 * MB),
        maxFiles: count(1, 1_000, {
          description: 'Rotated files that are kept; older ones are deleted.',
        }).default(5),
      },
      { description: 'JSON lines to a file too, rotated.' },
    ).exactOptional(),
    otlp: section(
      {
        endpoint: text({
          description:
            'URL for OTLP over HTTP (protobuf): a collector, or Loki itself. Without a path it gets `/v1/logs`.',
          examples: ['http://127.0.0.1:4318', 'http://loki:3100/otlp/v1/logs'],
        }).refine(isHttpUrl, {
          error: 'must be an absolute URL that starts with http:// or https://',
        }),
        headers: map(secret({ description: 'Value of the header.' }), {
          description: 'Sent with every export. Values are secrets.',
          examples: [{ Authorization: 'Bearer ${LOGS_TOKEN}' }],
          secret: true,
        }).prefault({}),
      },
      {
        description: `Every line to a collector too, as OTLP log records. Without it \`${LOGS_ENDPOINT_VARIABLE}\` of the environment says where, and without that they are not sent.`,
      },
    ).exactOptional(),
  },
  { description: 'What is logged, and where.', reloadable: false },
);

/** `audit:` */
export const AuditSchema = section(
  {
    arguments: flag({
      description: 'Whether the arguments of tool calls are in the audit log, redacted.',
    }).default(false),
    redactKeys: list(text({ description: 'Part of a key, whatever its case.' }), {
      description:
        'Arguments whose key holds one of these are masked, at any depth. Replaces the built-in list.',
    }).default([...SECRET_NAMES]),
  },
  { description: 'What is written down of tool calls.', reloadable: false },
);

/** `metrics:` */
export const MetricsSchema = section(
  {
    toolHistogram: flag({
      description:
        'Whether `mcp_request_duration_seconds` has the label `tool`: its largest part where servers have many tools.',
    }).default(true),
    otelHistograms: flag({
      description: 'Whether the histograms of the OpenTelemetry conventions for MCP are there too.',
    }).default(false),
  },
  { description: 'What is on the metrics page.', reloadable: false },
);

/** `tracing:` */
export const TracingSchema = section(
  {
    exporter: choice(TRACE_EXPORTERS, { description: 'Where spans of the gateway go.' }).default(
      'none',
    ),
    endpoint: text({
      description:
        'Address of the collector: http or https, for `jaeger` also `udp://host:port`; left out, the usual one of the protocol on this machine. Without a path it gets that of the protocol.',
      examples: ['http://127.0.0.1:4318'],
      secret: true,
    })
      .refine(isCollectorUrl, {
        error: 'must be an absolute URL that starts with http://, https:// or, for jaeger, udp://',
      })
      .exactOptional(),
    headers: map(secret({ description: 'Value of the header.' }), {
      description: 'Sent with every export, but for `jaeger`. Values are secrets.',
      examples: [{ Authorization: 'Bearer ${TRACES_TOKEN}' }],
      secret: true,
    }).prefault({}),
    sampleRatio: amount(0, 1, {
      description:
        'Share of the traces begun here that are recorded; what a client decided about its own holds.',
    }).default(1),
    serviceName: text({ description: '`service.name` of the spans.' }).default('mcp-exporter'),
  },
  { description: 'One span for each call through the gateway.', reloadable: false },
);

/** `journal:` */
export const JournalSchema = section(
  {
    path: z
      .preprocess(
        // YAML 1.1 editors and people write `off` and `false` alike.
        (value) => (value === false ? 'off' : value),
        z.string({ error: 'must be the path of a file, or off' }).min(1, {
          error: 'must not be empty',
        }),
      )
      .meta({
        description:
          "Database file, relative to this one; its folder is made where it is missing. `off`: nothing is kept. With a client's file as the configuration it lies in `$XDG_STATE_HOME` or `~/.local/state`.",
        examples: ['/var/lib/mcp-exporter/journal.sqlite'],
      })
      .default('data/journal.sqlite'),
    checks: duration(1 * HOUR, 10_000 * DAY, {
      description: 'How long checks and status changes are kept.',
    }).default(30 * DAY),
    alerts: duration(1 * HOUR, 10_000 * DAY, {
      description:
        'How long alerts are kept after their end, and what was done about servers and alerts.',
    }).default(90 * DAY),
    maxSize: size(32 * MB, 1_000 * GB, {
      description: 'What the journal may take of the disk. Beyond it the oldest checks go first.',
    }).default(512 * MB),
  },
  {
    description: 'Events that are kept: checks, status changes, alerts, and what people did.',
    reloadable: false,
  },
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
