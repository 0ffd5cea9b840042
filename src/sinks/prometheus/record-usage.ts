import { createActiveUsers } from '../../facts/rules/active-users.ts';
import { PROBE_CLIENT_NAME, protocolVersionLabel } from '../../facts/rules/call-labels.ts';
import { isFailure } from '../../facts/call-outcome.ts';
import type { CallRecord, TokenUsage } from '../../facts/call-record.ts';
import { hashText } from '../../facts/rules/hash-text.ts';
import { createLabelBound, OVERFLOW_LABEL } from '../../facts/rules/label-bound.ts';
import {
  activeUsers,
  clientCost,
  clientFailures,
  clientRequests,
  clientUnknownToolCalls,
  cost,
  protocolRequests,
  tokens,
  USER_WINDOW_NAMES,
} from '../../catalog/usage.ts';
import { type EpochMs, later } from '../../facts/time.ts';
import { createBatchedCounter } from './batched-counter.ts';
import type { Families } from './create-families.ts';
import { createLabelSets } from './label-sets.ts';

/** Of requests whose client is not known. */
const UNKNOWN_CLIENT = 'unknown';
const CLIENTS_MAX = 50;

export interface UsageRecorder {
  /** @param tool the label */
  record(call: CallRecord, tool: string, isUnknownTool: boolean): void;
  flush(nowMs: EpochMs): void;
}

export interface UsageRecorderOptions {
  readonly families: Families;
  readonly server: string;
  readonly onClientFolded: () => void;
  readonly onProtocolVersionFolded: () => void;
  readonly onUserCharged: (userHash: number, costUsd: number) => void;
  readonly onUserSeen: (userHash: number, atMs: EpochMs) => void;
}

/** Counts clients, protocol versions, users, tokens and cost of one server. */
export function createUsageRecorder(options: UsageRecorderOptions): UsageRecorder {
  const clients = createClientRecorder(options);
  const costs = createCostRecorder(options);
  return {
    record(call, tool, isUnknownTool) {
      if (call.tokens || call.costUsd) costs.record(call, tool);
      if (call.direction !== 'client_to_server') return;
      if (call.client?.name !== PROBE_CLIENT_NAME) clients.record(call, isUnknownTool);
    },
    flush(nowMs) {
      clients.flush(nowMs);
      costs.flush();
    },
  };
}

function createClientRecorder(options: UsageRecorderOptions) {
  const { families, server } = options;
  const clientCounters = createClientCounters(families, server);
  const protocolCounter = createBatchedCounter(families, protocolRequests);
  const userGauge = families.gauge(activeUsers);
  const byWindow = createLabelSets(server, 'window', USER_WINDOW_NAMES);
  const users = createActiveUsers();
  const clientBound = createLabelBound({ valuesMax: CLIENTS_MAX });
  const protocols = createCells((version) =>
    protocolCounter.cell({ server, protocol_version: version }),
  );

  return {
    record(call: CallRecord, isUnknownTool: boolean): void {
      const name = call.client?.name ?? '';
      const client = name === '' ? UNKNOWN_CLIENT : clientBound.fold(name);
      if (client === OVERFLOW_LABEL) options.onClientFolded();
      clientCounters.add(client, call, isUnknownTool);
      const version = protocolVersionLabel(call.protocolVersion);
      if (version === OVERFLOW_LABEL) options.onProtocolVersionFolded();
      protocolCounter.add(protocols(version));
      const user = call.user ?? (call.client && `${call.client.name} ${call.client.version}`);
      if (user === undefined) return;
      const [hash, atMs] = [hashText(user), later(call.startedAtMs, call.durationMs)];
      users.seen(hash, atMs);
      options.onUserSeen(hash, atMs);
    },
    flush(nowMs: EpochMs): void {
      clientCounters.flush();
      protocolCounter.flush();
      for (const window of USER_WINDOW_NAMES)
        userGauge.set(byWindow[window], users.count(window, nowMs));
    },
  };
}

/** What is counted by client: all four exist from its first request on, so that no first failure is lost. */
function createClientCounters(families: Families, server: string) {
  const calls = createBatchedCounter(families, clientRequests);
  const failures = createBatchedCounter(families, clientFailures);
  const unknownTools = createBatchedCounter(families, clientUnknownToolCalls);
  const costs = createBatchedCounter(families, clientCost);
  const cells = createCells((client) => ({
    calls: calls.cell({ server, client }),
    failures: failures.cell({ server, client }),
    unknownTools: unknownTools.cell({ server, client }),
    costs: costs.cell({ server, client }),
  }));
  return {
    add(client: string, call: CallRecord, isUnknownTool: boolean): void {
      const own = cells(client);
      calls.add(own.calls);
      if (isFailure(call.outcome)) failures.add(own.failures);
      if (isUnknownTool) unknownTools.add(own.unknownTools);
      if (call.costUsd) costs.add(own.costs, call.costUsd);
    },
    flush(): void {
      for (const counter of [calls, failures, unknownTools, costs]) counter.flush();
    },
  };
}

function createCostRecorder({ families, server, onUserCharged }: UsageRecorderOptions) {
  const tokenCounter = createBatchedCounter(families, tokens);
  const costCounter = createBatchedCounter(families, cost);
  const costs = bySource((source) =>
    createCells((tool) => costCounter.cell({ server, tool, source })),
  );
  const spent = bySource((source) =>
    createCells((tool) => ({
      input: tokenCounter.cell({ server, tool, direction: 'input', source }),
      output: tokenCounter.cell({ server, tool, direction: 'output', source }),
    })),
  );

  return {
    record(call: CallRecord, tool: string): void {
      const source = call.tokens?.source ?? 'estimated';
      if (call.tokens) {
        const cells = spent[source](tool);
        tokenCounter.add(cells.input, call.tokens.input);
        tokenCounter.add(cells.output, call.tokens.output);
      }
      if (!call.costUsd) return;
      costCounter.add(costs[source](tool), call.costUsd);
      if (call.user !== undefined) onUserCharged(hashText(call.user), call.costUsd);
    },
    flush(): void {
      tokenCounter.flush();
      costCounter.flush();
    },
  };
}

/** Caches what `make` returns for each value of a label whose values are already bounded. */
function createCells<Cells>(make: (value: string) => Cells): (value: string) => Cells {
  const known = new Map<string, Cells>();
  return (value) => {
    let cells = known.get(value);
    if (!cells) {
      cells = make(value);
      known.set(value, cells);
    }
    return cells;
  };
}

function bySource<Made>(make: (source: TokenUsage['source']) => Made): {
  readonly reported: Made;
  readonly estimated: Made;
} {
  return { reported: make('reported'), estimated: make('estimated') };
}
