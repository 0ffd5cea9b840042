import type { CheckReport, CheckStep } from '../../facts/check-report.ts';
import { CAPABILITY_KINDS } from '../../facts/capability-snapshot.ts';
import { PHASES } from '../../facts/probe-outcome.ts';
import { formatBytes, formatDuration, formatInstant } from './format.ts';
import type { ProbeAnswer, ProbeModule } from './ports.ts';

interface TracedProbe {
  readonly target: string;
  readonly module: ProbeModule;
  readonly deadlineMs: number;
  readonly answer: ProbeAnswer;
}

/** The answer to `debug=true`: every step with its time, the measurements, and the page that is returned otherwise. */
export function formatProbeTrace(probe: TracedProbe): string {
  const head = `Probe of ${probe.target}, module ${probe.module}, timeout ${formatDuration(probe.deadlineMs)}`;
  const reports = probe.answer.reports.map(formatReport);
  return [
    head,
    ...reports,
    'Metrics returned without debug=true:\n',
    probe.answer.metricsPage.body,
  ].join('\n');
}

function formatReport(report: CheckReport): string {
  const lines = [
    '',
    `${report.kind} check at ${formatInstant(report.startedAtMs)}: ${report.outcome} in ${formatDuration(report.durationMs)}`,
    `  ${oneLine(report.detail)}`,
    ...report.steps.map(
      (step) =>
        `  ${stepMark(report, step)} ${step.name.padEnd(24)} ${formatDuration(step.durationMs).padStart(9)}  ${oneLine(step.detail)}`,
    ),
    ...measurements(report).map(([name, value]) => `  ${name}: ${value}`),
    '',
  ];
  return lines.join('\n');
}

/** A step may fail in a check that succeeds: an older server refuses what only newer ones know. */
function stepMark(report: CheckReport, step: CheckStep): string {
  if (step.ok) return 'ok  ';
  return report.outcome === 'ok' ? 'no  ' : 'FAIL';
}

function measurements(report: CheckReport): readonly (readonly [string, string])[] {
  const rows: (readonly [string, string])[] = [];
  const phases = PHASES.flatMap((phase) => {
    const durationMs = report.phasesMs[phase];
    return durationMs === undefined ? [] : [`${phase} ${formatDuration(durationMs)}`];
  });
  if (phases.length > 0) rows.push(['phases', phases.join(', ')]);
  rows.push([
    'bytes',
    `${formatBytes(report.bytesSent)} sent, ${formatBytes(report.bytesReceived)} received`,
  ]);
  if (report.httpStatus !== undefined) rows.push(['HTTP status', String(report.httpStatus)]);
  if (report.rpcCode !== undefined) rows.push(['JSON-RPC error code', String(report.rpcCode)]);
  if (report.tlsExpiresAtMs !== undefined) {
    rows.push(['certificate expires', formatInstant(report.tlsExpiresAtMs)]);
  }
  const { identity, snapshot } = report;
  if (identity) {
    rows.push([
      'server',
      oneLine(
        `${identity.implementation} ${identity.version}, ${identity.transport}, ${identity.era}, ${identity.protocolVersion}`,
      ),
    ]);
  }
  const lists = CAPABILITY_KINDS.flatMap((kind) => {
    const list = snapshot?.lists[kind];
    return list ? [`${list.definitions.length} ${kind.replace('_', ' ')}`] : [];
  });
  if (lists.length > 0) rows.push(['capabilities', lists.join(', ')]);
  return rows;
}

/** Servers choose these texts: none may contain a line that looks like one of ours. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}
