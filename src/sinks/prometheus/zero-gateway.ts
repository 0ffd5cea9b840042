import { OVERFLOW_LABEL } from '../../facts/rules/label-bound.ts';
import { LATEST_LEGACY_REVISION, MODERN_REVISION } from '../../facts/revisions.ts';
import {
  activeConnections,
  activeSessions,
  gatewayOverhead,
  inputAbandoned,
  inputRequired,
  probeTrafficDisagreement,
  requestDuration,
  requestErrors,
  requests,
  requestsInFlight,
  requestSize,
  responseSize,
  sseStreamsActive,
  unknownToolCalls,
  upstreamRequests,
} from '../../catalog/gateway.ts';
import {
  activeUsers,
  clientCost,
  clientFailures,
  clientRequests,
  clientUnknownToolCalls,
  cost,
  protocolRequests,
  tokens,
} from '../../catalog/usage.ts';
import type { Families } from './create-families.ts';
import { expandLabelSets } from './label-sets.ts';

/** Families whose labels are all closed lists: every series from the start. */
const CLOSED = [
  activeConnections,
  activeSessions,
  requestsInFlight,
  sseStreamsActive,
  requestSize,
  responseSize,
  gatewayOverhead,
  upstreamRequests,
  unknownToolCalls,
  inputRequired,
  inputAbandoned,
  probeTrafficDisagreement,
  activeUsers,
] as const;

/** Calls whose series exist before the first of them, so that a rule on a ratio finds a denominator and each failure a zero. */
const EXPECTED = [
  { tool: '', operation: 'initialize', status: '200', outcome: 'success' },
  { tool: '', operation: 'tools/list', status: '200', outcome: 'success' },
  { tool: OVERFLOW_LABEL, operation: 'tools/call', status: '200', outcome: 'success' },
  { tool: OVERFLOW_LABEL, operation: 'tools/call', status: '500', outcome: 'tool_error' },
  { tool: OVERFLOW_LABEL, operation: 'tools/call', status: '500', outcome: 'rpc_error' },
  { tool: OVERFLOW_LABEL, operation: 'tools/call', status: '502', outcome: 'transport_error' },
  { tool: OVERFLOW_LABEL, operation: 'tools/call', status: '504', outcome: 'timeout' },
  { tool: '', operation: OVERFLOW_LABEL, status: '401', outcome: 'denied' },
  { tool: '', operation: OVERFLOW_LABEL, status: '429', outcome: 'rate_limited' },
] as const;
const EXPECTED_ERRORS = ['tool_error', 'internal_error', 'connection', 'timeout'] as const;

/** Makes the zeros of one server behind the gateway: about 45 series and 4 histograms. */
export function zeroGateway(families: Families, server: string): void {
  for (const metric of CLOSED)
    for (const labels of expandLabelSets(metric, { server })) families.zero(metric, labels);
  for (const call of EXPECTED) {
    const endpoint = `/${call.operation}`;
    families.zero(requests, { server, ...call, method: 'POST', endpoint });
  }
  const toolCall = { server, tool: OVERFLOW_LABEL, operation: 'tools/call' };
  families.zero(requestDuration, { ...toolCall, method: 'POST', endpoint: '/tools/call' });
  for (const errorType of EXPECTED_ERRORS)
    families.zero(requestErrors, { ...toolCall, error_type: errorType });
  for (const metric of [clientRequests, clientFailures, clientUnknownToolCalls, clientCost])
    families.zero(metric, { server, client: OVERFLOW_LABEL });
  for (const version of [LATEST_LEGACY_REVISION, MODERN_REVISION])
    families.zero(protocolRequests, { server, protocol_version: version });
  for (const metric of [tokens, cost])
    for (const labels of expandLabelSets(metric, { server, tool: OVERFLOW_LABEL }))
      families.zero(metric, labels);
}
