import { z } from 'zod';
import { ACTION_KINDS, ALERT_STATES } from '../../../facts/alert-event.ts';
import { PROBE_OUTCOMES } from '../../../facts/probe-outcome.ts';
import { STATUSES } from '../../../facts/rules/health.ts';
import { SEVERITIES } from '../../../facts/user-alert.ts';

const time = z.iso.datetime().meta({ description: 'ISO 8601, UTC' });
const count = z.int().min(0);
const server = z.string();

const action = z.strictObject({
  kind: z.enum(ACTION_KINDS),
  server: server.optional(),
  alert_id: count.optional(),
  reason: z.string().optional(),
  at: time,
  until: time.optional(),
});

/** The data of each server-sent event, but for `summary`. */
export const STREAM_EVENTS = {
  check: z.strictObject({
    server,
    kind: z.enum(['steady', 'deep']),
    outcome: z.enum(PROBE_OUTCOMES),
    status: z.enum(STATUSES),
    started_at: time,
    duration_seconds: z.number().min(0),
  }),
  status: z.strictObject({
    server,
    old_status: z.enum(STATUSES),
    new_status: z.enum(STATUSES),
    reason: z.string(),
    severity: z.enum(SEVERITIES),
    at: time,
    tool_count: count.optional(),
    response_time_ms: z.number().optional(),
    error_count: count.optional().meta({ description: 'Checks that failed in a row' }),
  }),
  alert: z.strictObject({
    fingerprint: z.string(),
    alertname: z.string(),
    status: z.enum(ALERT_STATES),
    server: server.optional(),
    severity: z.string().optional(),
    started_at: time,
    ended_at: time.optional(),
  }),
  action,
  mcp_auto_disabled: action.meta({ description: 'The service disabled a server itself' }),
  maintenance: z.strictObject({ server, active: z.boolean(), at: time, until: time.optional() }),
  definitions: z.strictObject({ server, changes: count }),
  added: z.strictObject({ server }),
  removed: z.strictObject({ server }),
  reload: z.strictObject({ ok: z.boolean() }),
  connectivity: z.strictObject({ suspected: z.boolean() }),
  lateness: z.strictObject({ late: z.boolean(), detail: z.string() }),
  dropped: z.strictObject({ count }).meta({ description: 'Checks that were too many to send' }),
  reset: z
    .strictObject({ reason: z.enum(['restarted', 'expired']) })
    .meta({ description: 'What was missed is not known: load everything again' }),
} as const;
