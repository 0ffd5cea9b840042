import {
  errorTypeLabel,
  operationLabel,
  protocolVersionLabel,
} from '../../facts/rules/call-labels.ts';
import type { CallRecord } from '../../facts/call-record.ts';
import type { SessionEnded } from '../../facts/gateway-facts.ts';
import { createLabelBound, OVERFLOW_LABEL } from '../../facts/rules/label-bound.ts';
import type { ServerSpec, Transport } from '../../facts/server.ts';
import {
  clientOperationDuration,
  clientSessionDuration,
  type NetworkTransport,
  serverOperationDuration,
  serverSessionDuration,
} from '../../catalog/otel.ts';
import type { Families } from './create-families.ts';
import { observeTraced } from './observe-traced.ts';

const CODES_MAX = 30;
const PROMPTS_MAX = 200;

export interface OtelRecorder {
  /** @param tool the label */
  record(call: CallRecord, tool: string): void;
  sessionEnded(fact: SessionEnded): void;
  /** Names of the prompts that the server has. */
  promptsListed(names: Iterable<string>): void;
}

export interface OtelRecorderOptions {
  readonly families: Families;
  readonly server: ServerSpec;
  readonly onPromptFolded: () => void;
  readonly onCodeFolded: () => void;
}

/**
 * Fills the histograms of the OpenTelemetry conventions: the gateway is a client of the server, and a server to its
 * clients.
 */
export function createOtelRecorder(options: OtelRecorderOptions): OtelRecorder {
  const { families } = options;
  const server = options.server.name;
  const asClient = families.histogram(clientOperationDuration);
  const asServer = families.histogram(serverOperationDuration);
  const upstream: NetworkTransport = options.server.target.kind === 'stdio' ? 'pipe' : 'tcp';
  const labels = createOperationLabels(options);

  return {
    record(call, tool) {
      if (call.direction !== 'client_to_server' || call.operation === 'subscriptions/listen')
        return;
      const shared = labels.of(call, tool);
      const kind = call.errorType === undefined ? '' : errorTypeLabel(call.errorType);
      const error = shared.rpc_response_status_code || kind;
      const serverLabels = {
        ...shared,
        error_type: call.outcome === 'client_error' ? '' : error,
        network_transport: networkOf(call.transport),
      };
      observeTraced(asServer, serverLabels, call.durationMs, call.trace);
      // A refused request was not sent to the server.
      if (call.outcome === 'denied' || call.outcome === 'rate_limited') return;
      const clientLabels = { ...shared, error_type: error, network_transport: upstream };
      const upstreamMs = Math.max(0, call.durationMs - call.overheadMs);
      observeTraced(asClient, clientLabels, upstreamMs, call.trace);
    },
    sessionEnded(fact) {
      const session = { server, mcp_protocol_version: protocolVersionLabel(fact.protocolVersion) };
      const seconds = fact.durationMs / 1000;
      families
        .histogram(serverSessionDuration)
        .observe({ ...session, network_transport: networkOf(fact.transport) }, seconds);
      families
        .histogram(clientSessionDuration)
        .observe({ ...session, network_transport: upstream }, seconds);
    },
    promptsListed: labels.promptsListed,
  };
}

/** The labels that both histograms of an operation share; prompts and error codes are bounded. */
function createOperationLabels({ server, onPromptFolded, onCodeFolded }: OtelRecorderOptions) {
  const codes = createLabelBound({ valuesMax: CODES_MAX });
  const promptBound = createLabelBound({ valuesMax: PROMPTS_MAX });
  let prompts: ReadonlySet<string> = new Set();

  function promptLabel(call: CallRecord): string {
    if (call.operation !== 'prompts/get') return '';
    const name = call.target ?? '';
    const label = prompts.has(name) ? promptBound.fold(name) : OVERFLOW_LABEL;
    if (label === OVERFLOW_LABEL) onPromptFolded();
    return label;
  }

  function codeLabel(rpcCode: number | undefined): string {
    if (rpcCode === undefined) return '';
    const label = codes.fold(String(rpcCode));
    if (label === OVERFLOW_LABEL) onCodeFolded();
    return label;
  }

  return {
    of: (call: CallRecord, tool: string) => ({
      server: server.name,
      mcp_method_name: operationLabel(call.operation),
      gen_ai_tool_name: tool,
      gen_ai_prompt_name: promptLabel(call),
      rpc_response_status_code: codeLabel(call.rpcCode),
      mcp_protocol_version: protocolVersionLabel(call.protocolVersion),
    }),
    promptsListed(names: Iterable<string>): void {
      prompts = new Set(names);
    },
  };
}

function networkOf(transport: Transport): NetworkTransport {
  return transport === 'stdio' ? 'pipe' : 'tcp';
}
