import { z } from 'zod';
import { ALERT_DEFAULTS, AlertingSchema, AlertsSchema } from './alerting-schema.ts';
import { LOG_FORMATS, LOG_LEVELS } from './config.ts';
import { address, GatewaySchema, ServerGatewaySchema } from './gateway-schema.ts';
import { AlertWebhookSchema, JournalSchema } from './journal-schema.ts';
import { DefaultsSchema, MonitorSchema } from './monitor-schema.ts';
import { choice, count, flag, list, map, section, size, text } from './schema-types.ts';
import { AuditSchema, MetricsSchema, OtlpLogSchema, TracingSchema } from './telemetry-schema.ts';

const SERVER_TYPES = [
  'stdio',
  'local',
  'http',
  'streamable-http',
  'streamableHttp',
  'sse',
] as const;

export const CONFIG_DEFAULTS = {
  listen: '127.0.0.1:19110',
  concurrency: 256,
  logLevel: 'info',
  logFormat: 'auto',
  logAccess: true,
  logFileMaxSize: '10MB',
  logFileMaxFiles: 5,
} as const;

const serverType = choice(SERVER_TYPES, {
  description:
    'Transport. Left out: `stdio` with a `command`; with a `url` it is found out (Streamable HTTP, else HTTP+SSE), and a path that ends in `/sse` means `sse`.',
});

/** What clients write beside the connection. Accepted, so that a block can be copied as it is; without an effect here. */
export const IGNORED_CLIENT_KEYS = [
  'alwaysAllow',
  'auth',
  'autoApprove',
  'chat',
  'description',
  'dev',
  'disabledTools',
  'excludeTools',
  'gallery',
  'icon',
  'includeTools',
  'name',
  'oauth',
  'sandbox',
  'sandboxEnabled',
  'startupTimeout',
  'timeout',
  'tools',
  'trust',
  'version',
] as const;

const ignoredClientKeys = Object.fromEntries(
  IGNORED_CLIENT_KEYS.map((key) => [
    key,
    z
      .unknown()
      .optional()
      .meta({ description: 'Written by some clients; accepted and without an effect here.' }),
  ]),
) as Record<(typeof IGNORED_CLIENT_KEYS)[number], z.ZodOptional<z.ZodUnknown>>;

/** Numbers and truth values are taken as they are written; that an editor accepts them is what `type` says. */
function textLike() {
  return z.string({ error: 'must be text' }).meta({ type: ['string', 'number', 'boolean'] });
}

/** One entry of `mcpServers`, as every MCP client writes it, and ours beside it. */
export const ServerSchema = section(
  {
    command: text({ description: 'Program of a stdio server.', examples: ['npx'] }).optional(),
    args: list(textLike(), {
      description: 'Its arguments.',
      examples: [['-y', '@modelcontextprotocol/server-filesystem', '/tmp']],
    }).optional(),
    env: map(textLike(), {
      description: "Added to the exporter's own environment. Values are secrets.",
      examples: [{ API_KEY: '${API_KEY}' }],
    }).optional(),
    envFile: text({
      description: 'File with more `NAME=value` lines; `env` wins.',
      examples: ['./.env'],
    }).optional(),
    cwd: text({ description: 'Working directory of the program.' }).optional(),
    url: text({
      description:
        'Address of a remote server (http or https). User, password and query values are secrets.',
      examples: ['https://mcp.example.com/mcp'],
    }).optional(),
    headers: map(textLike(), {
      description: 'Sent with every request. Values are secrets.',
      examples: [{ Authorization: 'Bearer ${SEARCH_TOKEN}' }],
    }).optional(),
    type: serverType.optional(),
    transport: choice(SERVER_TYPES, {
      description: 'The same as `type`, as some clients write it.',
    }).optional(),
    disabled: flag({
      description: '`true`: never checked, status Disabled.',
      default: false,
    }).optional(),
    monitor: MonitorSchema.optional(),
    gateway: ServerGatewaySchema.optional(),
    ...ignoredClientKeys,
  },
  { description: 'One server: `command` for stdio or `url` for a remote one.' },
);

const serversMeta = {
  description:
    'The block that every MCP client has. The name becomes the label `server` (up to 128 bytes, no control characters). An entry with only `monitor` or `gateway` sets those of an imported server.',
  reloadable: true,
};

/** Our own file. */
export const ConfigSchema = section(
  {
    listen: address(
      {
        description: '`host:port` of the metrics, the pages and the API.',
        default: CONFIG_DEFAULTS.listen,
        examples: ['0.0.0.0:19110', '[::1]:19110'],
        reloadable: false,
      },
      false,
    ).optional(),
    gateway: GatewaySchema.optional(),
    import: list(
      text({ description: "A client's file, relative to this one; `~/` is the home directory." }),
      {
        description:
          "Clients' files whose servers are added: `.mcp.json`, `claude_desktop_config.json`, `.cursor/mcp.json`, `.vscode/mcp.json`.",
        examples: [['./.mcp.json', '~/.cursor/mcp.json']],
        reloadable: true,
      },
    ).optional(),
    mcpServers: map(ServerSchema, serversMeta).optional(),
    defaults: DefaultsSchema.optional(),
    probe: section(
      {
        concurrency: count(1, 10_000, {
          description: 'Checks that may run at the same time.',
          default: CONFIG_DEFAULTS.concurrency,
          reloadable: false,
        }).optional(),
        allowUrlTargets: flag({
          description:
            'Whether `/probe?target=` may name any http(s) URL. Whoever reaches the listener can then make the exporter call addresses of its network.',
          default: false,
        }).optional(),
      },
      { description: 'How checks are made.', reloadable: true },
    ).optional(),
    admin: section(
      {
        tokenFile: text({
          description:
            'File with the token (`Authorization: Bearer …`) for requests that change something. Without it only requests from this machine may.',
          examples: ['/run/secrets/mcp-exporter-admin'],
        }).optional(),
      },
      { description: 'Who may change something.', reloadable: false },
    ).optional(),
    log: section(
      {
        level: choice(LOG_LEVELS, {
          description: 'Least severe level that is logged.',
          default: CONFIG_DEFAULTS.logLevel,
        }).optional(),
        access: flag({
          description: 'A line for each call through the gateway.',
          default: CONFIG_DEFAULTS.logAccess,
        }).optional(),
        format: choice(LOG_FORMATS, {
          description: '`auto` is pretty on a terminal and JSON elsewhere.',
          default: CONFIG_DEFAULTS.logFormat,
        }).optional(),
        file: section(
          {
            path: text({
              description: 'Where to write, relative to this file.',
              examples: ['/var/log/mcp-exporter/exporter.log'],
            }),
            maxSize: size('10KB', '10GB', {
              description: 'A new file is begun at this size.',
              default: CONFIG_DEFAULTS.logFileMaxSize,
            }).optional(),
            maxFiles: count(1, 1_000, {
              description: 'Rotated files that are kept; older ones are deleted.',
              default: CONFIG_DEFAULTS.logFileMaxFiles,
            }).optional(),
          },
          { description: 'JSON lines to a file too, rotated.' },
        ).optional(),
        otlp: OtlpLogSchema.optional(),
      },
      { description: 'What is logged, and where.', reloadable: false },
    ).optional(),
    audit: AuditSchema.optional(),
    metrics: MetricsSchema.optional(),
    tracing: TracingSchema.optional(),
    alerts: AlertsSchema.optional(),
    alertRulesFile: text({
      description:
        'Where `alerts` are written for Prometheus, relative to this file. `prometheus/prometheus.yml` reads the default.',
      default: ALERT_DEFAULTS.rulesFile,
      reloadable: true,
    }).optional(),
    alerting: AlertingSchema.optional(),
    journal: JournalSchema.optional(),
    alertWebhook: AlertWebhookSchema.optional(),
    webConfigFile: text({
      description:
        "File in the form of the Prometheus exporters' `--web.config.file`: TLS, client certificates and basic authentication for the listener, TLS and client certificates for the gateway. Read again on change.",
      examples: ['./web.yml'],
      reloadable: true,
    }).optional(),
  },
  { description: 'Configuration of mcp-exporter.' },
);

/** The part of a client's file that we read; whatever else is in it is the client's own business. */
export const ClientFileSchema = z.object(
  {
    mcpServers: map(ServerSchema, serversMeta).optional(),
    servers: map(ServerSchema, { description: 'As VS Code calls it.' }).optional(),
  },
  { error: 'must be a map' },
);

export type ServerInput = z.output<typeof ServerSchema>;
export type ConfigInput = z.output<typeof ConfigSchema>;
