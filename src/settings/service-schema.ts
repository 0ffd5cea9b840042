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
      description: 'Maximum number of concurrent checks.',
      reloadable: false,
    }).default(256),
    allowUrlTargets: flag({
      description:
        'Whether `/probe?target=` accepts any http(s) URL. Anyone who can reach the listener can then make the exporter send requests to its network, though not to itself.',
    }).default(false),
  },
  { description: 'How checks are run.', reloadable: true },
);

/** `admin:` */
export const AdminSchema = section(
  {
    tokenFile: text({
      description:
        'File with the token (`Authorization: Bearer …`) for requests that change something. Without it, only requests from this machine are allowed to, and only if the exporter listens on loopback. Set it behind a reverse proxy. The pages say where the file is.',
      examples: ['/run/secrets/mcp-exporter-admin'],
      secret: true,
    }).exactOptional(),
  },
  { description: 'Who may change something.', reloadable: false },
);

/** `markers:` */
export const MarkersSchema = section(
  {
    tokenFile: text({
      description:
        'File with a token that allows to add markers and nothing else, for deploy pipelines (`Authorization: Bearer TOKEN`). The admin token and users of the web configuration may add them too.',
      examples: ['/run/secrets/mcp-exporter-markers'],
      secret: true,
    }).exactOptional(),
  },
  {
    description: 'The endpoint for deploys and notes: `POST /api/v1/markers`.',
    reloadable: false,
  },
);

/** `alertWebhook:` */
export const AlertWebhookSchema = section(
  {
    tokenFile: text({
      description:
        'File with the token that Alertmanager must send (`http_config: authorization: credentials_file`). Without it, notifications are accepted from this machine only, and only if the exporter listens on loopback.',
      examples: ['/run/secrets/mcp-exporter-alerts'],
      secret: true,
    }).exactOptional(),
  },
  {
    description: 'The endpoint for notifications of Alertmanager: `POST /api/v1/alerts/webhook`.',
    reloadable: false,
  },
);

/** Variable of the OpenTelemetry specification, for logs only. */
export const LOGS_ENDPOINT_VARIABLE = 'OTEL_EXPORTER_OTLP_LOGS_ENDPOINT';

/** `log:` */
export const LogSchema = section(
  {
    level: choice(LOG_LEVELS, { description: 'Lowest level that is logged.' }).default('info'),
    access: flag({ description: 'Log each call through the gateway.' }).default(true),
    plugin: flag({
      description:
        'Also log each run of a tool as a line of type `plugin`, with the server as `plugin` and the tool as `command`.',
    }).default(false),
    format: choice(LOG_FORMATS, {
      description: '`auto` is pretty on a terminal and JSON elsewhere.',
    }).default('auto'),
    file: section(
      {
        path: text({
          description: 'Path of the log file, relative to this file.',
          examples: ['/var/log/mcp-exporter/exporter.log'],
        }),
        maxSize: size(10 * KB, 10 * GB, {
          description: 'Size at which the file is rotated.',
        }).default(10 * MB),
        maxFiles: count(1, 1_000, {
          description: 'Number of rotated files to keep; older ones are deleted.',
        }).default(5),
      },
      { description: 'Also log JSON lines to a file, with rotation.' },
    ).exactOptional(),
    otlp: section(
      {
        endpoint: text({
          description:
            'URL for OTLP over HTTP (protobuf): a collector, or Loki itself. Without a path, `/v1/logs` is added.',
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
        description: `Also send each line to a collector, as OTLP log records. If not set, the environment variable \`${LOGS_ENDPOINT_VARIABLE}\` names the endpoint; without either, nothing is sent.`,
      },
    ).exactOptional(),
  },
  { description: 'What is logged, and where.', reloadable: false },
);

/** `audit:` */
export const AuditSchema = section(
  {
    journal: flag({
      description:
        'Whether calls are kept in the journal: who called what with which result. Errors are kept in any case.',
    }).default(true),
    callsPerSecond: count(0, 1_000_000, {
      description:
        'Successful calls per second that are kept one by one. Those beyond are only in the sums of the journal, except one per server, tool, client and user in five minutes. Other calls are always kept. A high number keeps all.',
    }).default(200),
    arguments: flag({
      description:
        'Whether the arguments of tool calls are in the audit log and in the journal, redacted.',
    }).default(false),
    redactKeys: list(text({ description: 'Part of a key; case is ignored.' }), {
      description:
        'Arguments whose key contains one of these are masked, at any depth. Replaces the built-in list.',
    }).default([...SECRET_NAMES]),
  },
  { description: 'What is recorded of calls.', reloadable: false },
);

/** `metrics:` */
export const MetricsSchema = section(
  {
    toolHistogram: flag({
      description:
        'Whether `mcp_request_duration_seconds` has the label `tool`, which makes up most of its series if servers have many tools.',
    }).default(true),
    otelHistograms: flag({
      description:
        'Whether to also expose the histograms of the OpenTelemetry conventions for MCP.',
    }).default(false),
  },
  { description: 'What the metrics page contains.', reloadable: false },
);

/** `tracing:` */
export const TracingSchema = section(
  {
    exporter: choice(TRACE_EXPORTERS, {
      description: 'Exporter for spans of the gateway.',
    }).default('none'),
    endpoint: text({
      description:
        'URL of the collector: http or https, for `jaeger` also `udp://host:port`. By default the standard port of the protocol on this machine; without a path, that of the protocol is added.',
      examples: ['http://127.0.0.1:4318'],
      secret: true,
    })
      .refine(isCollectorUrl, {
        error: 'must be an absolute URL that starts with http://, https:// or, for jaeger, udp://',
      })
      .exactOptional(),
    headers: map(secret({ description: 'Value of the header.' }), {
      description: 'Sent with every export, except for `jaeger`. Values are secrets.',
      examples: [{ Authorization: 'Bearer ${TRACES_TOKEN}' }],
      secret: true,
    }).prefault({}),
    sampleRatio: amount(0, 1, {
      description:
        'Share of the traces started here that are recorded. The sampling decision of a client is always respected.',
    }).default(1),
    serviceName: text({ description: '`service.name` of the spans.' }).default('mcp-exporter'),
    jaegerUrl: baseUrl(
      'URL of the pages of Jaeger, as readers reach them: calls and errors on the pages then lead to their traces.',
    ).exactOptional(),
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
          "Database file, relative to this one; its folder is created if it does not exist. `off`: no journal. If the configuration is a client's file, the database is in `$XDG_STATE_HOME` or `~/.local/state`.",
        examples: ['/var/lib/mcp-exporter/journal.sqlite'],
      })
      .default('data/journal.sqlite'),
    checks: duration(1 * HOUR, 10_000 * DAY, {
      description:
        'How long status changes and uptime are kept, and checks, which are thinned after 3 days and kept for 14 at most.',
    }).default(30 * DAY),
    calls: duration(1 * HOUR, 10_000 * DAY, {
      description: 'How long calls through the gateway are kept.',
    }).default(90 * DAY),
    errors: duration(1 * HOUR, 10_000 * DAY, {
      description: 'How long errors are kept after they last occurred.',
    }).default(90 * DAY),
    alerts: duration(1 * HOUR, 10_000 * DAY, {
      description:
        'How long alerts are kept after they end, and actions, markers and changes of definitions.',
    }).default(90 * DAY),
    maxSize: size(32 * MB, 1_000 * GB, {
      description:
        'Maximum size on disk. Beyond it, the oldest calls or checks are deleted first, whichever take more space.',
    }).default(512 * MB),
  },
  {
    description:
      'The journal of events: checks, status changes, calls, errors, changed definitions, markers, alerts, and actions of people.',
    reloadable: false,
  },
);

/** Whether OTLP over HTTP can be sent there. */
export function isHttpUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && ['http:', 'https:'].includes(url.protocol) && url.host !== '';
}

/** The address of pages, to which paths are added. */
export function baseUrl(description: string) {
  return text({ description, secret: true })
    .refine((value) => isHttpUrl(value) && !/[{}"'\\<>\s]/.test(value), {
      error: 'must be a URL that starts with http:// or https://',
    })
    .refine((value) => !hasCredentials(value), { error: 'must have no password and no query' })
    .transform((value) => value.replace(/\/+$/, ''));
}

export function hasCredentials(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && (url.username !== '' || url.password !== '' || url.search !== '');
}

function isCollectorUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && ['http:', 'https:', 'udp:'].includes(url.protocol) && url.host !== '';
}
