import { USER_WINDOWS, type UserWindow } from '../facts/rules/active-users.ts';
import { OVERFLOW_LABEL } from '../facts/rules/label-bound.ts';
import { REVISIONS } from '../facts/revisions.ts';
import { metric } from './metric.ts';

const area = 'usage';

const TOKEN_DIRECTIONS = ['input', 'output'] as const;
const TOKEN_SOURCES = ['reported', 'estimated'] as const;
export const USER_WINDOW_NAMES = Object.keys(USER_WINDOWS) as UserWindow[];

export const clientRequests = metric({
  name: 'mcp_client_requests_total',
  kind: 'counter',
  help: "Client requests by the name that the client reports: the first 50 names of a server, then _OTHER; unknown if it reports none. The exporter's own checks are excluded.",
  labels: ['server', 'client'],
  area,
  since: '0.1.0',
});

export const protocolRequests = metric({
  name: 'mcp_protocol_requests_total',
  kind: 'counter',
  help: "Client requests by protocol revision, empty if neither the handshake nor the request named one. The exporter's own checks are excluded.",
  labels: ['server', 'protocol_version'],
  values: { protocol_version: [...REVISIONS.keys(), OVERFLOW_LABEL, ''] },
  area,
  since: '0.1.0',
});

export const activeUsers = metric({
  name: 'mcp_active_users',
  kind: 'gauge',
  help: "Distinct users within the window: authenticated subjects or, for requests without one, names and versions of clients. Exact up to 2,048 users per week and server, then within a few percent; reset when the exporter restarts. The exporter's own checks are excluded.",
  labels: ['server', 'window'],
  values: { window: USER_WINDOW_NAMES },
  area,
  since: '0.1.0',
});

export const fleetActiveUsers = metric({
  name: 'mcp_fleet_active_users',
  kind: 'gauge',
  help: 'Distinct users within the window over all servers: someone who uses three servers counts once. Otherwise as mcp_active_users.',
  labels: ['window'],
  values: { window: USER_WINDOW_NAMES },
  area,
  since: '0.1.0',
});

export const clientFailures = metric({
  name: 'mcp_client_failures_total',
  kind: 'counter',
  help: 'Failures of the server by the name of the client, which is the same as in mcp_client_requests_total.',
  labels: ['server', 'client'],
  area,
  since: '0.1.0',
});

export const clientUnknownToolCalls = metric({
  name: 'mcp_client_unknown_tool_calls_total',
  kind: 'counter',
  help: 'Calls of tools that the server does not list, by the name of the client: a model invents names, or the client has an outdated list. The sum over clients is mcp_unknown_tool_calls_total.',
  labels: ['server', 'client'],
  area,
  since: '0.1.0',
});

export const clientCost = metric({
  name: 'mcp_client_cost_usd_total',
  kind: 'counter',
  help: 'Cost in US dollars at the configured prices, by the name of the client.',
  labels: ['server', 'client'],
  area,
  since: '0.1.0',
});

export const tokens = metric({
  name: 'mcp_tokens_total',
  kind: 'counter',
  help: 'Tokens of answered requests: input was sent to the server, output was returned by it. Reported by the server in _meta or, for tool calls without a report, estimated as a quarter of the bytes.',
  labels: ['server', 'tool', 'direction', 'source'],
  values: { direction: TOKEN_DIRECTIONS, source: TOKEN_SOURCES },
  area,
  since: '0.1.0',
});

export const cost = metric({
  name: 'mcp_cost_usd_total',
  kind: 'counter',
  help: 'Cost in US dollars at the configured prices; the source is that of the tokens.',
  labels: ['server', 'tool', 'source'],
  values: { source: TOKEN_SOURCES },
  area,
  since: '0.1.0',
});

export const userCost = metric({
  name: 'mcp_user_cost_usd_total',
  kind: 'counter',
  help: 'Cost in US dollars per authenticated user across all servers: a pseudonym (hash) for each of the first 50 users, then _OTHER. The log has the names.',
  labels: ['user'],
  area,
  since: '0.1.0',
});

export const USAGE_METRICS = [
  clientRequests,
  protocolRequests,
  clientFailures,
  clientUnknownToolCalls,
  clientCost,
  activeUsers,
  fleetActiveUsers,
  tokens,
  cost,
  userCost,
] as const;
