import { escapeControls } from '../sinks/log/control-characters.ts';
import { endpointLabel } from '../facts/server.ts';
import type { ProbeVerdict } from './format-probe.ts';

/** One JSON document, for scripts: durations in milliseconds with three decimals, times since the Unix epoch, as the names say. */
export function formatProbeJson({ server, reports, status, reason }: ProbeVerdict): string {
  const document = {
    server: server.name,
    endpoint: endpointLabel(server),
    status,
    reason,
    outcome: reports.find((report) => report.outcome !== 'ok')?.outcome ?? 'ok',
    identity: reports.findLast((report) => report.identity !== undefined)?.identity,
    reports,
  };
  return `${escapeControls(JSON.stringify(document, roundNumber, 2))}\n`;
}

function roundNumber(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1_000) / 1_000 : value;
}
