import { z } from 'zod';
import {
  ACTION_KINDS,
  ALERT_STATES,
  SILENCING_KINDS,
  TEST_SEVERITIES,
} from '../../../facts/alert-event.ts';
import { CALL_OUTCOMES } from '../../../facts/call-outcome.ts';
import { CAPABILITY_KINDS } from '../../../facts/capability-snapshot.ts';
import { MARKER_KINDS } from '../../../facts/event-log.ts';
import { PROBE_OUTCOMES } from '../../../facts/probe-outcome.ts';
import { STATUSES } from '../../../facts/rules/health.ts';
import { TRANSPORTS } from '../../../facts/server.ts';
import { MaintenanceBody, maintenanceMark, maintenanceWindow } from './maintenance-schemas.ts';
import { STREAM_EVENTS } from './stream-events.ts';
import {
  AcknowledgeBody,
  DisableBody,
  MarkerBody,
  NoteBody,
  OrderBody,
  SilenceBody,
  TestAlertBody,
} from './bodies.ts';

// What the API answers and accepts. Tests hold every answer against these schemas, and `/openapi.json` is made of them.

const time = z.iso.datetime().meta({ description: 'ISO 8601, UTC' });
const seconds = z.number().min(0);
const count = z.int().min(0);
const ratio = z.number().min(0).max(1);
const nextCursor = z
  .string()
  .optional()
  .meta({ description: 'For the parameter cursor of the next request; absent on the last page' });
const counts = z.partialRecord(z.enum(CAPABILITY_KINDS), count);

const identity = z.strictObject({
  transport: z.enum(TRANSPORTS),
  era: z.enum(['legacy', 'modern']),
  protocol_version: z.string(),
  implementation: z.string(),
  version: z.string(),
});

const report = z.strictObject({
  kind: z.enum(['steady', 'deep']),
  outcome: z.enum(PROBE_OUTCOMES),
  detail: z.string(),
  started_at: time,
  duration_seconds: seconds,
  response_seconds: seconds.optional(),
  phases_seconds: z.record(z.string(), seconds),
  steps: z.array(
    z.strictObject({
      name: z.string(),
      ok: z.boolean(),
      duration_seconds: seconds,
      detail: z.string(),
    }),
  ),
  http_status: z.int().optional(),
  rpc_code: z.number().optional(),
  retry_after_seconds: seconds.optional(),
  bytes_sent: count,
  bytes_received: count,
  tls_expires_at: time.optional(),
  identity: identity.optional(),
  capabilities: counts.optional(),
});

const uptimeBars = z.array(
  z.strictObject({ from: time, to: time, up_seconds: seconds, down_seconds: seconds }),
);

const uptime = z.strictObject({
  known_since: time.optional(),
  day_ratio: ratio.optional(),
  week_ratio: ratio.optional(),
  month_ratio: ratio.optional(),
  hours: uptimeBars,
  days: uptimeBars.optional(),
});

const server = z.strictObject({
  name: z.string(),
  endpoint: z.string(),
  transport: z.enum(TRANSPORTS),
  source: z.string(),
  labels: z.record(z.string(), z.string()),
  tls_verified: z.boolean().optional(),
  status: z.enum(STATUSES),
  reason: z.string(),
  disabled: z
    .strictObject({
      at: time,
      by: z.string(),
      reason: z.string(),
      until: time.optional(),
      automatic: z.literal(true).optional().meta({ description: 'The service did it itself' }),
    })
    .optional(),
  maintenance: maintenanceMark.optional(),
  status_since: time,
  response_time_seconds: seconds.optional(),
  last_response_time: z.strictObject({ seconds, at: time }).optional(),
  last_check_at: time.optional(),
  next_check_at: time.optional(),
  interval_seconds: seconds,
  consecutive_failures: count,
  checks: count,
  failures: count,
  uptime_ratio: ratio.optional().meta({
    description: 'Of the last 24 hours; without a journal, since the exporter started',
  }),
  uptime: uptime.optional().meta({
    description: 'From the journal. Disabled, in maintenance or not observed counts as neither',
  }),
  identity: identity.optional(),
  capabilities: counts.optional(),
});

const definitionList = z.strictObject({
  bytes: count,
  ttl_seconds: seconds.optional(),
  definitions: z.array(
    z.strictObject({ name: z.string(), description: z.string().optional(), hash: z.string() }),
  ),
});

const serverDetail = server.extend({
  last_check: report.optional(),
  last_deep_check: report.optional(),
  snapshot: z
    .strictObject({
      taken_at: time,
      lists: z.partialRecord(z.enum(CAPABILITY_KINDS), definitionList),
    })
    .optional(),
  recent_checks: z.array(report),
  recent_failures: z.array(report),
  status_changes: z.array(
    z.strictObject({
      at: time,
      from: z.enum(STATUSES),
      to: z.enum(STATUSES),
      reason: z.string(),
    }),
  ),
});

const alert = z.strictObject({
  id: count,
  fingerprint: z.string(),
  alertname: z.string(),
  state: z.enum(ALERT_STATES),
  severity: z.string(),
  server: z.string(),
  gateway: z.string(),
  summary: z.string(),
  description: z.string(),
  started_at: time,
  ended_at: time.optional(),
  end_inferred: z
    .literal(true)
    .optional()
    .meta({ description: 'No notification reported the end: it is the next start of the alert' }),
  duration_seconds: seconds,
  value: z.number().nullish(),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
  generator_url: z.string().optional().meta({ description: 'The rule in Prometheus' }),
  alertmanager_url: z.string().optional(),
  notification_count: count,
  notifications: z.array(
    z.strictObject({ at: time, status: z.enum(ALERT_STATES), receiver: z.string() }),
  ),
  actions: z.array(
    z.strictObject({
      at: time,
      kind: z.enum(ACTION_KINDS),
      by: z.string(),
      text: z.string(),
      until: time.optional(),
    }),
  ),
  silenced: z
    .strictObject({
      kind: z.enum(SILENCING_KINDS),
      by: z.string(),
      at: time,
      until: time,
      reason: z.string(),
    })
    .optional()
    .meta({ description: 'Who acknowledged or silenced it here, while that lasts' }),
});

const logEntry = z.strictObject({
  id: z.string(),
  timestamp: time,
  server_name: z.string(),
  event_type: z.enum(['health_check', 'status_change', 'action']),
  status: z.enum(STATUSES).optional(),
  response_time_ms: z.number().optional(),
  error_message: z.string().optional(),
  meta_data: z.record(z.string(), z.string()),
});

const outcome = z.enum(CALL_OUTCOMES);

const auditEntry = z.strictObject({
  id: count,
  created_at: time,
  server_name: z.string(),
  operation: z.string().meta({ description: 'JSON-RPC method' }),
  tool_name: z.string().optional().meta({ description: 'Or prompt, or URI of the resource' }),
  direction: z.string(),
  transport: z.string(),
  user_id: z.string().optional(),
  session_id: z.string().optional(),
  environment: z
    .string()
    .optional()
    .meta({ description: 'Label `environment` that the server has now' }),
  client_name: z.string().optional(),
  client_version: z.string().optional(),
  protocol_version: z.string().optional(),
  request_id: z.string(),
  parameters: z
    .string()
    .optional()
    .meta({ description: 'Arguments as JSON text, redacted; only with audit.arguments' }),
  result_status: z.enum(['success', 'error']),
  result_summary: z.string(),
  outcome,
  status_code: z.int(),
  error_type: z.string().optional(),
  rpc_code: z.number().optional(),
  error_message: z.string().optional(),
  error_group_id: count.optional(),
  execution_time_ms: z.number(),
  request_bytes: count,
  response_bytes: count,
  tokens: z
    .strictObject({
      input: z.number(),
      output: z.number(),
      source: z.enum(['reported', 'estimated']),
    })
    .optional(),
  cost_usd: z.number().optional(),
  trace_id: z.string(),
  span_id: z.string(),
});

const errorSample = z.strictObject({
  at: time,
  error_message: z.string(),
  stack: z.string().optional(),
  rpc_code: z.number().optional(),
  execution_time_ms: z.number(),
  client_name: z.string().optional(),
  client_version: z.string().optional(),
  user_id: z.string().optional(),
  session_id: z.string().optional(),
  request_id: z.string(),
  trace_id: z.string(),
  span_id: z.string(),
});

const errorGroup = z.strictObject({
  id: count,
  fingerprint: z.string(),
  server_name: z.string(),
  operation: z.string(),
  tool_name: z.string().optional(),
  outcome,
  error_type: z.string(),
  error_message: z.string(),
  pattern: z.string().meta({ description: 'The message without what differs from call to call' }),
  count,
  count_in_window: count.optional(),
  first_seen: time,
  last_seen: time,
  samples: z.array(errorSample),
});

const definitionEntry = z.strictObject({
  id: count,
  at: time,
  server_name: z.string(),
  kind: z.enum(CAPABILITY_KINDS),
  change: z.string(),
  name: z.string(),
  difference: z.string(),
});

const actionEntry = z.strictObject({
  id: count,
  at: time,
  kind: z.enum(ACTION_KINDS),
  server_name: z.string().optional(),
  alert_id: count.optional(),
  by: z.string(),
  text: z.string(),
  until: time.optional(),
});

const marker = z.strictObject({
  id: count,
  at: time,
  kind: z.enum(MARKER_KINDS),
  text: z.string(),
  server_name: z.string().optional(),
  by: z.string(),
});

/** Without traffic where nobody knows it. */
const serverSummary = z.strictObject({
  server_name: z.string(),
  status: z.enum(STATUSES),
  last_check_at: time.optional(),
  uptime_ratio_24h: ratio.optional(),
  requests: count.optional(),
  requests_per_minute: z.number().optional(),
  response_time_ms: z
    .strictObject({ mean: z.number(), p50: z.number(), p95: z.number(), p99: z.number() })
    .optional(),
  success_ratio: ratio.optional(),
  error_types: z.record(z.string(), count).optional(),
  top_tools: z.array(z.strictObject({ name: z.string(), calls: count })).optional(),
  active_users: count.optional().meta({
    description: 'Authenticated users and, for calls without one, clients',
  }),
  tokens: z.number().optional(),
  cost_usd: z.number().optional(),
  cost_per_user_usd: z.number().optional(),
});

const summary = z.strictObject({
  source: z
    .enum(['journal', 'prometheus', 'process'])
    .meta({ description: 'Where the traffic comes from; process knows none' }),
  fallback_reason: z
    .string()
    .optional()
    .meta({ description: 'Why it is not Prometheus, although that is configured' }),
  from: time,
  to: time,
  overview: z.strictObject({
    servers: count,
    active: count.meta({ description: 'Healthy, Warning or Critical' }),
    inactive: count,
    requests_per_hour: z.number().optional(),
    cost_per_day_usd: z.number().optional(),
  }),
  servers: z.array(serverSummary),
  servers_omitted: count
    .optional()
    .meta({ description: 'Servers with fewer calls; only in events' }),
});

const problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
  id: z.uuid().meta({ description: 'The log has it too' }),
});

const component = z.looseObject({ status: z.string(), message: z.string().optional() });

const health = z.strictObject({
  status: z.enum(['ok', 'degraded']),
  version: z.string(),
  uptime_seconds: seconds,
  servers: z.strictObject({
    total: count,
    ...Object.fromEntries(STATUSES.map((status) => [status, count])),
  }),
  queue_size: count,
  plugins: z.array(z.unknown()),
  components: z.record(z.string(), component),
});

function pageOf<Entry extends z.ZodType>(key: string, entry: Entry) {
  const total = count.meta({ description: 'Entries that pass the filters; counted up to 10,000' });
  return z.strictObject({ [key]: z.array(entry), total, next_cursor: nextCursor });
}

const auditPage = pageOf('logs', auditEntry).extend({
  summed_only: count.optional().meta({
    description:
      'Successful calls of the given time, of any server and user, that are not listed because there were more per second than `audit.callsPerSecond`',
  }),
});

/** By name, as `components.schemas` of the OpenAPI document has them. */
export const SCHEMAS = {
  AcknowledgeOrder: AcknowledgeBody,
  ActionEntry: actionEntry,
  ActionPage: pageOf('actions', actionEntry),
  Alert: alert,
  AlertList: z.strictObject({ alerts: z.array(alert), next_cursor: nextCursor }),
  AuditEntry: auditEntry,
  AuditPage: auditPage,
  CheckReport: report,
  Checked: z.strictObject({ server: z.string(), reports: z.array(report) }),
  DefinitionEntry: definitionEntry,
  DefinitionPage: pageOf('definitions', definitionEntry),
  ErrorGroup: errorGroup,
  ErrorPage: pageOf('errors', errorGroup),
  CheckedAll: z.strictObject({
    total: count,
    checked: count,
    servers: z
      .array(
        z.strictObject({
          server: z.string(),
          reports: z.array(report),
          problem: z.string().optional(),
        }),
      )
      .optional()
      .meta({ description: 'Absent while it lasts' }),
  }),
  DisableOrder: DisableBody,
  Health: health,
  LogEntry: logEntry,
  LogPage: pageOf('logs', logEntry),
  Maintenance: maintenanceWindow,
  MaintenanceList: z.strictObject({ windows: z.array(maintenanceWindow) }),
  Marker: marker,
  MarkerPage: pageOf('markers', marker),
  NewMaintenance: MaintenanceBody,
  NewMarker: MarkerBody,
  Note: NoteBody,
  /** Of Alertmanager, which adds to it as it likes. */
  Notification: z.looseObject({ alerts: z.array(z.looseObject({})) }),
  OpenApi: z.looseObject({ openapi: z.string() }),
  Order: OrderBody,
  Problem: problem,
  Received: z.strictObject({ alerts: count, kept: z.boolean() }),
  Reloaded: z.strictObject({ ok: z.literal(true), detail: z.string() }),
  Server: server,
  ServerDetail: serverDetail,
  ServerList: z.strictObject({ servers: z.array(server), total: count, next_cursor: nextCursor }),
  SilenceOrder: SilenceBody,
  /** Of the server-sent events, by their names. */
  StreamEvents: z.strictObject({ ...STREAM_EVENTS, summary }).partial(),
  Summary: summary,
  Switched: z.strictObject({ changed: z.boolean(), kept: z.boolean(), server: server.optional() }),
  TestAlert: z.strictObject({
    test_id: z.uuid(),
    alertname: z.string(),
    severity: z.enum(TEST_SEVERITIES),
    receivers: z.array(z.string()).meta({ description: 'As Alertmanager routes it' }),
    silenced: z.boolean(),
    inhibited: z.boolean(),
    ends_at: time.meta({ description: 'When it resolves by itself' }),
    webhook: z.strictObject({ received: z.boolean(), waited_seconds: seconds }).meta({
      description: 'Whether it arrived at /api/v1/alerts/webhook while this request waited',
    }),
  }),
  TestAlertOrder: TestAlertBody,
  TargetGroups: z.array(
    z.strictObject({
      targets: z.array(z.string()),
      labels: z.record(z.string(), z.string()),
    }),
  ),
} as const satisfies Readonly<Record<string, z.ZodType>>;

export type SchemaName = keyof typeof SCHEMAS;

/** Names of the properties of an object's schema, in order. */
export function columnsOf(name: SchemaName): readonly string[] {
  const schema = SCHEMAS[name];
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}
