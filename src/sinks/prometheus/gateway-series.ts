import type { CallRecord, GatewayLoad } from '../../facts/call-record.ts';
import type { CapabilitySnapshot } from '../../facts/capability-snapshot.ts';
import type { SessionEnded } from '../../facts/gateway-facts.ts';
import { createInputRounds } from './input-rounds.ts';
import type { ServerSpec } from '../../facts/server.ts';
import type { EpochMs } from '../../facts/time.ts';
import {
  gatewayOverhead,
  inputAbandoned,
  inputRequired,
  probeTrafficDisagreement,
  requests,
  requestSize,
  responseSize,
  unknownToolCalls,
  upstreamRequests,
} from '../../catalog/gateway.ts';
import type { Metric } from '../../catalog/metric.ts';
import { serverOperationDuration } from '../../catalog/otel.ts';
import { clientRequests, protocolRequests } from '../../catalog/usage.ts';
import { createBatchedCounter } from './batched-counter.ts';
import type { Families } from './create-families.ts';
import { createToolNamer } from './name-tool.ts';
import { createLoadRecorder } from './record-load.ts';
import { createOtelRecorder, type OtelRecorder } from './record-otel.ts';
import { createRequestRecorder } from './record-requests.ts';
import { createUsageRecorder, type UsageRecorder } from './record-usage.ts';
import { zeroGateway } from './zero-gateway.ts';

/** All traffic metrics of one server behind the gateway. */
export interface GatewaySeries {
  record(call: CallRecord): void;
  snapshot(snapshot: CapabilitySnapshot): void;
  /** A client got these names in an answer to `tools/list`. */
  toolsListed(names: readonly string[]): void;
  sessionEnded(fact: SessionEnded): void;
  disagrees(isSo: boolean): void;
  upstreamRequest(): void;
  /** Writes batched values to the registry; call it right before the registry is read. */
  flush(nowMs: EpochMs, loads: readonly GatewayLoad[]): void;
}

export interface GatewaySeriesOptions {
  /** In a registry for this server alone: it leaves the page with all its series by leaving this registry out. */
  readonly families: Families;
  readonly server: ServerSpec;
  readonly toolHistogram: boolean;
  readonly otelHistograms: boolean;
  /** A counter of the values that were folded for one label. */
  readonly foldings: (metric: Metric, label: string) => () => void;
  readonly onUserCharged: (userHash: number, costUsd: number) => void;
  readonly onUserSeen: (userHash: number, atMs: EpochMs) => void;
}

export function createGatewaySeries(options: GatewaySeriesOptions): GatewaySeries {
  const { families, foldings } = options;
  const { name } = options.server;
  zeroGateway(families, name);

  const unknownTools = createSimpleCounter(families, unknownToolCalls, name);
  const upstream = createSimpleCounter(families, upstreamRequests, name);
  const input = createInputRecorder(families, name);
  const tools = createTools(foldings(requests, 'tool'), unknownTools.add);
  const requestRecorder = createRequestRecorder({
    families,
    server: name,
    toolHistogram: options.toolHistogram,
    onOperationFolded: foldings(requests, 'operation'),
  });
  const usageRecorder = createUsage(options);
  const otelRecorder = options.otelHistograms ? createOtel(options) : undefined;
  const recordLoads = createLoadRecorder(families, name);
  const observeSizes = createSizeObserver(families, name);

  return {
    record(call) {
      const { tool, isUnknown } = tools.name(call);
      const isTimed = requestRecorder.record(call, tool);
      usageRecorder.record(call, tool, isUnknown);
      otelRecorder?.record(call, tool);
      if (call.direction !== 'client_to_server') return;
      observeSizes(call, isTimed);
      if (call.requestState !== undefined || call.outcome === 'input_required') input.record(call);
    },
    snapshot(snapshot) {
      tools.namer.learn(snapshot);
      otelRecorder?.promptsListed(
        snapshot.lists.prompts?.definitions.map((prompt) => prompt.name) ?? [],
      );
    },
    toolsListed: tools.namer.learnListed,
    sessionEnded(fact) {
      otelRecorder?.sessionEnded(fact);
    },
    disagrees(isSo) {
      families.gauge(probeTrafficDisagreement).set({ server: name }, isSo ? 1 : 0);
    },
    upstreamRequest: upstream.add,
    flush(nowMs, loads) {
      recordLoads(loads);
      requestRecorder.flush();
      usageRecorder.flush(nowMs);
      unknownTools.flush();
      upstream.flush();
      input.flush(nowMs);
    },
  };
}

/** Labels of tools, and whether the server lists the tool at all. */
function createTools(onFolded: () => void, onUnknown: () => void) {
  let unknown = 0;
  const namer = createToolNamer({
    onFolded,
    onUnknown: () => {
      unknown += 1;
      onUnknown();
    },
  });
  return {
    namer,
    name(call: CallRecord): { readonly tool: string; readonly isUnknown: boolean } {
      const before = unknown;
      const tool = namer.label(call);
      return { tool, isUnknown: unknown > before };
    },
  };
}

function createUsage(options: GatewaySeriesOptions): UsageRecorder {
  const { families, server, foldings, onUserCharged, onUserSeen } = options;
  return createUsageRecorder({
    families,
    server: server.name,
    onClientFolded: foldings(clientRequests, 'client'),
    onProtocolVersionFolded: foldings(protocolRequests, 'protocol_version'),
    onUserCharged,
    onUserSeen,
  });
}

function createOtel({ families, server, foldings }: GatewaySeriesOptions): OtelRecorder {
  return createOtelRecorder({
    families,
    server,
    onPromptFolded: foldings(serverOperationDuration, 'gen_ai_prompt_name'),
    onCodeFolded: foldings(serverOperationDuration, 'rpc_response_status_code'),
  });
}

/** Sizes of a call, and the time that the gateway itself took where `isTimed`. */
function createSizeObserver(
  families: Families,
  server: string,
): (call: CallRecord, isTimed: boolean) => void {
  const own = { server };
  const requestBytes = families.histogram(requestSize);
  const responseBytes = families.histogram(responseSize);
  const overhead = families.histogram(gatewayOverhead);
  return (call, isTimed) => {
    if (isTimed) overhead.observe(own, call.overheadMs / 1000);
    // A request that was refused before its body was read has no size, and neither has a missing response.
    if (call.requestBytes > 0) requestBytes.observe(own, call.requestBytes);
    if (call.responseBytes > 0) responseBytes.observe(own, call.responseBytes);
  };
}

/** A counter whose only label is the server. */
function createSimpleCounter(
  families: Families,
  metric: Metric<'server'> & { readonly kind: 'counter' },
  server: string,
): { add(): void; flush(): void } {
  const counter = createBatchedCounter(families, metric);
  const cell = counter.cell({ server });
  return { add: () => counter.add(cell), flush: counter.flush };
}

function createInputRecorder(
  families: Families,
  server: string,
): { record(call: CallRecord): void; flush(nowMs: number): void } {
  const required = families.counter(inputRequired);
  const abandoned = families.counter(inputAbandoned);
  const rounds = createInputRounds();
  const own = { server };
  return {
    record(call) {
      const isAsked = call.outcome === 'input_required';
      const broughtBack = call.broughtState ?? (isAsked ? undefined : call.requestState);
      if (broughtBack !== undefined) rounds.answered(broughtBack);
      if (!isAsked) return;
      required.inc(own);
      if (call.requestState !== undefined)
        rounds.asked(call.requestState, call.startedAtMs + call.durationMs);
    },
    flush(nowMs) {
      abandoned.inc(own, rounds.takeAbandoned(nowMs));
    },
  };
}
