import {
  activeConnections,
  activeSessions,
  inputRequired,
  requestDuration,
  requestErrors,
  requests,
  requestSize,
  requestsInFlight,
  responseSize,
  unknownToolCalls,
} from '../../catalog/gateway.ts';
import { clientRequests, protocolRequests } from '../../catalog/usage.ts';
import {
  errorTypeLabel,
  isTimed,
  operationLabel,
  PROBE_CLIENT_NAME,
  protocolVersionLabel,
  statusLabel,
} from '../../facts/rules/call-labels.ts';
import { OVERFLOW_LABEL } from '../../facts/rules/label-bound.ts';
import type { Transport } from '../../facts/server.ts';
import {
  type DurationSeries,
  histogramFamily,
  type Series,
  valueFamily,
} from '../metrics/family.ts';
import { labelFolder, overflowCounter } from '../metrics/fold-label.ts';
import type { MetricRegistry } from '../metrics/metric-registry.ts';
import { sampledTraceId } from '../tracing/otel.ts';
import type { EndedCall } from './call.ts';

/** Counts the calls of one server, in the families in which the gateway counts them. */
export interface CallRecorder {
  begun(transport: Transport, isSessionless: boolean): void;
  /** @param isKnown whether the server has the tool */
  ended(call: EndedCall, isSessionless: boolean, isKnown: boolean): void;
  session(transport: Transport, change: 1 | -1): void;
}

const TOOLS_MAX = 200;
const CLIENTS_MAX = 50;
/** Kinds of calls whose series are kept at hand; servers have far fewer. */
const KINDS_MAX = 10_000;
const UNKNOWN_CLIENT = 'unknown';

/** The series in which a call counts, found once for all calls like it. */
interface SeriesOfCall {
  readonly requests: Series;
  readonly errors: Series | undefined;
  readonly duration: DurationSeries | undefined;
}

export function createCallRecorder(registry: MetricRegistry, server: string): CallRecorder {
  const kindOf = createKindFinder(registry, server);
  const count = createUsageCounter(registry, server);
  const loads = createLoads(registry, server);
  const sizes = {
    request: histogramFamily(registry, requestSize).series({ server }),
    response: histogramFamily(registry, responseSize).series({ server }),
  };
  const asked = valueFamily(registry, inputRequired).series({ server });
  const unknown = valueFamily(registry, unknownToolCalls).series({ server });

  return {
    begun(transport, isSessionless) {
      const load = loads[transport];
      load.inFlight.value += 1;
      if (isSessionless) load.connections.value += 1;
    },
    ended(call, isSessionless, isKnown) {
      const kind = kindOf(call, isKnown);
      kind.requests.value += 1;
      if (kind.errors) kind.errors.value += 1;
      if (call.isToClient) return;
      const load = loads[call.connection.transport];
      load.inFlight.value -= 1;
      if (isSessionless) load.connections.value -= 1;
      kind.duration?.observe(call.durationMs / 1000, sampledTraceId(call.traced?.span));
      sizes.request.observe(call.requestBytes);
      if (call.answer) sizes.response.observe(call.responseBytes);
      if (call.verdict.outcome === 'input_required') asked.value += 1;
      if (!isKnown && call.facts.method === 'tools/call') unknown.value += 1;
      count(call);
    },
    session(transport, change) {
      loads[transport].sessions.value += change;
      loads[transport].connections.value += change;
    },
  };
}

function createKindFinder(registry: MetricRegistry, server: string) {
  const requestFamily = valueFamily(registry, requests);
  const errorFamily = valueFamily(registry, requestErrors);
  const durationFamily = histogramFamily(registry, requestDuration);
  const foldTool = labelFolder(registry, {
    metric: requests.name,
    label: 'tool',
    valuesMax: TOOLS_MAX,
    owner: server,
  });
  const countTool = overflowCounter(registry, requests.name, 'tool');
  const countOperation = overflowCounter(registry, requests.name, 'operation');
  const kinds = new Map<string, SeriesOfCall>();

  function toolLabel({ facts }: EndedCall, isKnown: boolean): string {
    if (facts.method !== 'tools/call') return '';
    if (isKnown) return foldTool(facts.target ?? '');
    countTool();
    return OVERFLOW_LABEL;
  }

  function resolve(call: EndedCall, operation: string, tool: string): SeriesOfCall {
    const { outcome, status, errorType } = call.verdict;
    const own = { server, tool, operation };
    const method = call.connection.transport === 'stdio' ? 'stdio' : 'POST';
    const route = { method, endpoint: `/${operation}` };
    const isMeasured =
      !call.isToClient && isTimed({ operation, outcome, ...(errorType && { errorType }) });
    return {
      requests: requestFamily.series({ ...own, ...route, status: statusLabel(status), outcome }),
      errors: errorType && errorFamily.series({ ...own, error_type: errorTypeLabel(errorType) }),
      duration: isMeasured ? durationFamily.series({ ...own, ...route }) : undefined,
    };
  }

  return (call: EndedCall, isKnown: boolean): SeriesOfCall => {
    const operation = operationLabel(call.facts.method ?? '');
    if (operation === OVERFLOW_LABEL) countOperation();
    const tool = toolLabel(call, isKnown);
    const { status, outcome, errorType = '' } = call.verdict;
    const side = `${call.connection.transport} ${call.isToClient ? 'client' : ''}`;
    const key = `${operation} ${side} ${status} ${outcome} ${errorType} ${tool}`;
    let kind = kinds.get(key);
    if (!kind) {
      if (kinds.size >= KINDS_MAX) kinds.clear();
      kind = resolve(call, operation, tool);
      kinds.set(key, kind);
    }
    return kind;
  };
}

/** Counts clients and protocol versions. */
function createUsageCounter(registry: MetricRegistry, server: string) {
  const clients = valueFamily(registry, clientRequests);
  const versions = valueFamily(registry, protocolRequests);
  const foldClient = labelFolder(registry, {
    metric: clientRequests.name,
    label: 'client',
    valuesMax: CLIENTS_MAX,
    owner: server,
  });
  const countVersion = overflowCounter(registry, protocolRequests.name, 'protocol_version');
  const seriesOf = new Map<string, { readonly client: Series; readonly version: Series }>();

  function resolve(client: string, version: string) {
    return {
      client: clients.series({ server, client }),
      version: versions.series({ server, protocol_version: version }),
    };
  }

  return ({ connection }: EndedCall): void => {
    const name = connection.client?.name ?? '';
    if (name === PROBE_CLIENT_NAME) return;
    const client = name === '' ? UNKNOWN_CLIENT : foldClient(name);
    const version = protocolVersionLabel(connection.protocolVersion);
    if (version === OVERFLOW_LABEL) countVersion();
    // Both are bounded, and so are their pairs.
    const key = `${version} ${client}`;
    let series = seriesOf.get(key);
    if (!series) {
      series = resolve(client, version);
      seriesOf.set(key, series);
    }
    series.client.value += 1;
    series.version.value += 1;
  };
}

function createLoads(registry: MetricRegistry, server: string) {
  const families = {
    connections: valueFamily(registry, activeConnections),
    sessions: valueFamily(registry, activeSessions),
    inFlight: valueFamily(registry, requestsInFlight),
  };
  const loadOf = (transport: Transport) => ({
    connections: families.connections.series({ server, transport }),
    sessions: families.sessions.series({ server, transport }),
    inFlight: families.inFlight.series({ server, transport }),
  });
  return { http: loadOf('http'), sse: loadOf('sse'), stdio: loadOf('stdio') };
}
