import { LISTEN_DEFAULT } from './gateway-address.ts';
import { z } from 'zod';
import { Secret } from '../facts/secret.ts';
import { AlertingSchema, AlertsSchema } from './alerting-schema.ts';
import { type AuthInput, AuthSchema } from './auth.ts';
import type { Config } from './config.ts';
import { type LabelsInput, LabelsSchema } from './labels.ts';
import { GatewaySchema, ServerGatewaySchema } from './gateway.ts';
import { MaintenanceSchema } from './maintenance.ts';
import { DefaultsSchema, MonitorSchema } from './monitor.ts';
import {
  address,
  choice,
  flag,
  formatValue,
  list,
  map,
  metaOf,
  section,
  text,
  unwrap,
} from './schema-types.ts';
import {
  AdminSchema,
  AlertWebhookSchema,
  MarkersSchema,
  AuditSchema,
  JournalSchema,
  LogSchema,
  MetricsSchema,
  ProbeSchema,
  TracingSchema,
} from './service-schema.ts';
import { ProxySchema } from './proxy.ts';
import { AlertmanagerSchema, PrometheusSchema } from './remote-api.ts';
import { TlsSchema } from './tls.ts';

const SERVER_TYPES = [
  'stdio',
  'local',
  'http',
  'streamable-http',
  'streamableHttp',
  'sse',
] as const;

const serverType = choice(SERVER_TYPES, {
  description:
    'Transport. By default `stdio` with a `command`; with a `url` it is detected (Streamable HTTP, then HTTP+SSE), and a path that ends in `/sse` means `sse`.',
});

/** Keys of clients besides the connection: accepted, so that a block can be copied unchanged, and ignored. */
export const IGNORED_CLIENT_KEYS = [
  'alwaysAllow',
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
      .exactOptional()
      .meta({ description: 'Used by some clients; accepted and ignored here.' }),
  ]),
) as Record<(typeof IGNORED_CLIENT_KEYS)[number], z.ZodOptional<z.ZodUnknown>>;

/** Numbers and booleans are taken as they are written; `type` lets an editor accept them. */
function textLike() {
  return z.string({ error: 'must be text' }).meta({ type: ['string', 'number', 'boolean'] });
}

/** One entry of `mcpServers`, as in every MCP client, with our own keys. */
export const ServerSchema = section(
  {
    command: text({
      description: 'Program of a stdio server.',
      examples: ['npx'],
      secret: true,
    }).exactOptional(),
    args: list(textLike(), {
      description: 'Its arguments.',
      examples: [['-y', '@modelcontextprotocol/server-filesystem', '/tmp']],
      secret: true,
    }).exactOptional(),
    env: map(textLike(), {
      description: "Added to the exporter's own environment. Values are secrets.",
      examples: [{ API_KEY: '${API_KEY}' }],
      secret: true,
    }).exactOptional(),
    envFile: text({
      description: 'File with more `NAME=value` lines; `env` takes precedence.',
      examples: ['./.env'],
    }).exactOptional(),
    cwd: text({ description: 'Working directory of the program.' }).exactOptional(),
    url: text({
      description:
        'Address of a remote server (http or https). User, password and query values are secrets.',
      examples: ['https://mcp.example.com/mcp'],
      secret: true,
    }).exactOptional(),
    headers: map(textLike(), {
      description: 'Sent with every request. Values are secrets.',
      examples: [{ Authorization: 'Bearer ${SEARCH_TOKEN}' }],
      secret: true,
    }).exactOptional(),
    auth: AuthSchema.exactOptional(),
    tls: TlsSchema.exactOptional(),
    proxy: ProxySchema.exactOptional(),
    type: serverType.exactOptional(),
    transport: choice(SERVER_TYPES, {
      description: 'The same as `type`, as some clients write it.',
    }).exactOptional(),
    disabled: flag({
      description: '`true`: never checked, status Disabled.',
      default: false,
    }).exactOptional(),
    labels: LabelsSchema.exactOptional(),
    monitor: MonitorSchema.prefault({}),
    gateway: ServerGatewaySchema.prefault({}),
    ...ignoredClientKeys,
  },
  { description: 'One server: `command` for stdio or `url` for a remote one.' },
);

const serversMeta = {
  description:
    'The servers, in the format of every MCP client. The name becomes the label `server` (up to 128 bytes, no control characters). An entry with only `monitor`, `gateway`, `labels`, `auth`, `tls` or `proxy` configures an imported server.',
  reloadable: true,
};

/** Our own file. */
export const ConfigSchema = section(
  {
    listen: address({
      description: '`host:port` of the metrics, the pages and the API.',
      examples: ['0.0.0.0:19110', '[::1]:19110'],
      reloadable: false,
    }).default(LISTEN_DEFAULT),
    gateway: GatewaySchema.prefault({}),
    import: list(
      text({ description: "A client's file, relative to this one; `~/` is the home directory." }),
      {
        description:
          "Clients' files to import servers from, such as `.mcp.json`, `claude_desktop_config.json`, `.cursor/mcp.json`, `.vscode/mcp.json` or Codex's `config.toml`; [clients.md](clients.md) lists them. An entry that cannot be used is listed as Unknown.",
        examples: [['./.mcp.json', '~/.cursor/mcp.json']],
        reloadable: true,
      },
    ).prefault([]),
    mcpServers: map(ServerSchema, serversMeta).prefault({}),
    defaults: DefaultsSchema.prefault({}),
    probe: ProbeSchema.prefault({}),
    admin: AdminSchema.prefault({}),
    log: LogSchema.prefault({}),
    audit: AuditSchema.prefault({}),
    metrics: MetricsSchema.prefault({}),
    tracing: TracingSchema.prefault({}),
    alerts: AlertsSchema.prefault([]),
    alertRulesFile: text({
      description:
        'Rule file for Prometheus that `alerts` are written to, relative to this file. `prometheus/prometheus.yml` reads the default.',
      reloadable: true,
    }).default('prometheus/generated/user-alerts.yml'),
    alerting: AlertingSchema.exactOptional(),
    alertmanager: AlertmanagerSchema.exactOptional(),
    prometheus: PrometheusSchema.exactOptional(),
    maintenance: MaintenanceSchema.prefault([]),
    journal: JournalSchema.prefault({}),
    alertWebhook: AlertWebhookSchema.prefault({}),
    markers: MarkersSchema.prefault({}),
    webConfigFile: text({
      description:
        "File in the format of the Prometheus exporters' `--web.config.file`: TLS, client certificates and basic authentication for the listener, TLS and client certificates for the gateway. Reloaded when it changes.",
      examples: ['./web.yml'],
      reloadable: true,
    }).exactOptional(),
  },
  { description: 'Configuration of mcp-exporter.' },
);

/** In a client's file `auth` and `labels` are the client's own keys, maybe of another shape: they are ignored. */
const ClientServerSchema = ServerSchema.extend({
  auth: z
    .unknown()
    .transform((): AuthInput => ({}))
    .exactOptional(),
  labels: z
    .unknown()
    .transform((): LabelsInput => ({}))
    .exactOptional(),
});

/** One server of a client's file under its name. */
export const ClientEntrySchema = map(ClientServerSchema, serversMeta);

export type ServerInput = z.output<typeof ServerSchema>;
export type ConfigInput = z.output<typeof ConfigSchema>;

/** The JSON Schema of our file (draft 2020-12), for editors and for the reference page. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly const?: unknown;
}

// An editor sees the file before its variables are expanded: where a rule would refuse `${NAME}`, text must be allowed too.
const VARIABLE = '\\$\\{';

export function configJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(ConfigSchema, {
    io: 'input',
    reused: 'inline',
    override: ({ zodSchema, jsonSchema }) => {
      for (const key of ['reloadable', 'secret', 'unit']) delete jsonSchema[key];
      // zod leaves out default and examples of a transformed value; as written in the file they are what an editor wants.
      const { default: unset, unit, examples } = metaOf(zodSchema);
      const fallback = zodSchema instanceof z.ZodDefault ? zodSchema.def.defaultValue : unset;
      if (fallback === undefined || zodSchema instanceof z.ZodPrefault) delete jsonSchema.default;
      else jsonSchema.default = formatValue(fallback, unit);
      delete jsonSchema.examples;
      if (examples) jsonSchema.examples = [...examples];
      if (jsonSchema.type === 'object') {
        delete jsonSchema.propertyNames;
        // `KEY_file: path` instead of any `KEY`.
        if (jsonSchema.additionalProperties === false)
          jsonSchema.patternProperties = { _file$: { type: 'string' } };
      }
      const { pattern } = jsonSchema;
      if (pattern !== undefined && !pattern.endsWith(VARIABLE))
        jsonSchema.pattern = `${pattern}|${VARIABLE}`;
    },
  });
  return { ...(schema as JsonSchema), title: 'mcp-exporter configuration' };
}

/** A key that holds a value, not a section. */
export interface LeafKey {
  /** `gateway.listen`, `mcpServers.NAME.command`, `alerts[].name`. */
  readonly path: string;
  /** Whether a reload applies a change; undefined if neither the key nor a section around it says so. */
  readonly isReloadable: boolean | undefined;
}

/** Every key of a schema, maps and lists of sections included. */
export function leafKeys(
  schema: z.core.$ZodType,
  path = '',
  inherited?: boolean,
): readonly LeafKey[] {
  const isReloadable = metaOf(schema).reloadable ?? inherited;
  const plain = unwrap(schema);
  if (plain instanceof z.ZodObject) {
    return Object.entries(plain.shape).flatMap(([key, part]) =>
      leafKeys(part, path === '' ? key : `${path}.${key}`, isReloadable),
    );
  }
  const item =
    plain instanceof z.ZodRecord
      ? unwrap(plain.valueType)
      : plain instanceof z.ZodArray
        ? unwrap(plain.element)
        : undefined;
  if (!(item instanceof z.ZodObject)) return [{ path, isReloadable }];
  return leafKeys(item, `${path}${plain instanceof z.ZodArray ? '[]' : '.NAME'}`, isReloadable);
}

export const RESTART_KEYS = leafKeys(ConfigSchema)
  .filter(({ isReloadable }) => isReloadable === false)
  .map(({ path }) => path);

/**
 * The values of the keys that take effect at the next start only.
 * @param contents what the files hold that some of these keys name
 */
export function restartValues(
  input: z.output<typeof ConfigSchema>,
  contents: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    RESTART_KEYS.map((key) => [key, key in contents ? contents[key] : valueAt(input, key)]),
  );
}

function valueAt(value: unknown, key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>(
      (section, part) =>
        typeof section === 'object' && section !== null ? Reflect.get(section, part) : undefined,
      value,
    );
}

/** The keys of which a reload does not apply the change: it waits for the next start. */
export function findRestartChanges(
  before: Pick<Config, 'atStart'>,
  now: Pick<Config, 'atStart'>,
): readonly string[] {
  return RESTART_KEYS.filter(
    (key) => printRevealed(before.atStart[key]) !== printRevealed(now.atStart[key]),
  );
}

/** For a comparison only: a `Secret` prints as a mask, so that a changed one would go unnoticed. */
function printRevealed(value: unknown): string | undefined {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, printed: unknown) {
    const own = this[key];
    return own instanceof Secret ? own.reveal() : printed;
  });
}
