import { createSystemClock } from '../../../../../src/app/system-clock.ts';
import { createHub, type Hub } from '../../../../../src/facts/hub.ts';
import type { ServerSpec } from '../../../../../src/facts/server.ts';
import { logCalls } from '../../../../../src/sinks/log/log-calls.ts';
import { createServerLabels } from '../../../../../src/sinks/log/server-labels.ts';
import { startTracing } from '../../../../../src/sinks/otel/start-tracing.ts';
import { createMetrics } from '../../../../../src/sinks/prometheus/metrics.ts';
import { createMemoryLog } from '../../../../fakes/memory-log.ts';
import { readPage } from '../../../../unit/sinks/prometheus/read-page.ts';
import { type ReceivedSpan, startTraceCollector } from '../../../support/trace-collector.ts';

/** Everything that the service shows of the calls of one server. */
export interface SeenCalls {
  /** `outcome status` of each exchange, from the metrics. */
  readonly counted: readonly string[];
  readonly errorTypes: readonly string[];
  /** Lines of the log by type, in their order. */
  readonly lines: Readonly<Record<string, readonly LogLine[]>>;
  readonly spans: readonly ReceivedSpan[];
}

export interface LogLine {
  readonly type: string;
  readonly server: string;
  readonly operation: string;
  readonly outcome: string;
  readonly status: number;
  readonly error_type?: string;
  readonly client?: string;
  readonly span_id: string;
}

export interface Observation {
  readonly hub: Hub;
  addServers(specs: readonly ServerSpec[]): void;
  /** Tool calls by server, once all spans have arrived. */
  finish(): Promise<(server: string) => SeenCalls>;
}

/** The sinks of the service on a hub of their own. */
export async function observeCalls(): Promise<Observation> {
  const clock = createSystemClock();
  const hub = createHub((error) => {
    throw error;
  });
  const collector = await startTraceCollector();
  const lines: LogLine[] = [];
  const log = {
    ...createMemoryLog(),
    labels: createServerLabels(),
    lines: {
      isEnabled: () => true,
      write: (print: () => string) => void lines.push(JSON.parse(print()) as LogLine),
    },
  };
  const metrics = createMetrics({ hub, clock, version: '1', gateway: true, runtimeMetrics: false });
  logCalls(hub, log, { access: true, plugin: false, audit: true, clock });
  const tracing = await startTracing({
    hub,
    config: {
      exporter: 'otlp',
      endpoint: collector.url,
      sampleRatio: 1,
      headers: {},
      serviceName: 'outcomes',
    },
    version: '1',
    clock,
    random: () => 0,
    log,
    onExportFailure: () => undefined,
  });
  return {
    hub,
    addServers(specs) {
      for (const server of specs) hub.publish({ fact: 'server_added', server });
    },
    async finish() {
      const page = readPage((await metrics.render('text/plain')).body);
      await tracing.stop();
      const spans = collector.spans();
      await collector.close();
      metrics.stop();
      return (server) => ({
        counted: samplesOf(page, 'mcp_requests_total', server).map(
          ({ outcome, status }) => `${outcome} ${status}`,
        ),
        errorTypes: samplesOf(page, 'mcp_request_errors_total', server).map(
          ({ error_type: errorType }) => String(errorType),
        ),
        lines: Object.groupBy(
          lines.filter((line) => line.server === server && line.operation === 'tools/call'),
          ({ type }) => type,
        ) as SeenCalls['lines'],
        spans: spans.filter(
          ({ attributes }) =>
            attributes['mcp_exporter.server'] === server &&
            attributes['mcp.method.name'] === 'tools/call',
        ),
      });
    },
  };
}

/** Labels of what was counted for tool calls, each as often as it was. */
function samplesOf(
  page: ReturnType<typeof readPage>,
  name: string,
  server: string,
): readonly Record<string, string>[] {
  return (page.get(name)?.samples ?? [])
    .filter(({ labels }) => labels['server'] === server && labels['operation'] === 'tools/call')
    .flatMap(({ labels, value }) => Array.from({ length: value }, () => labels));
}
