import type { ServerSpec } from '../facts/server.ts';
import { serverOfUrl } from '../settings/server-spec.ts';
import type { Config } from '../settings/config.ts';
import { renderProbe } from '../sinks/prometheus/render-probe.ts';
import type { ProbeSource, ProbeTarget } from '../sinks/web/ports.ts';
import { createConnector } from '../sources/probe/connection/connector.ts';
import { probeOnce } from '../sources/probe/probe-once.ts';
import type { PartContext } from './part.ts';
import { VERSION } from './version.ts';

/** The checks of `/probe`: on connections of their own, apart from the schedule. */
export function createProbeSource(
  { clock, tokens, instance, env }: Pick<PartContext, 'clock' | 'tokens' | 'instance' | 'env'>,
  current: () => Config,
): ProbeSource {
  const specOf = (target: ProbeTarget): ServerSpec | undefined =>
    target.kind === 'url'
      ? serverOfUrl(target.url, { source: '/probe', env })
      : current().servers.find((server) => server.name === target.name);
  const connector = createConnector({
    clientName: 'mcp-exporter',
    clientVersion: VERSION,
    clock,
    tokens,
    instance,
  });
  return {
    allowsUrlTargets: () => current().probe.allowUrlTargets,
    timeoutMs: (target) => specOf(target)?.monitor.startTimeoutMs,
    async probeOnce({ target, module, signal, accept }) {
      const spec = specOf(target);
      const reports = spec
        ? await probeOnce(connector, spec, clock, { signal, deep: module === 'full' })
        : [];
      return { reports, metricsPage: await renderProbe(reports, accept) };
    },
  };
}
