import type { CheckReport } from '../facts/check-report.ts';
import { type HealthState, initialHealth, weighEvidence } from '../facts/rules/health.ts';
import type { ServerSpec } from '../facts/server.ts';
import { probeOnce } from '../sources/probe/probe-once.ts';
import { type CommandContext, EXIT, type ExitCode } from './command-context.ts';
import { COMMAND_LINE, findTarget } from './find-target.ts';
import { formatProbe, type ProbeVerdict } from './format-probe.ts';
import { formatProbeJson } from './format-probe-json.ts';
import { asMonotonicMs } from '../facts/time.ts';

export interface ProbeOptions {
  readonly target?: string | undefined;
  readonly command: readonly string[];
  readonly header?: Readonly<Record<string, string>>;
  readonly timeout?: number;
  readonly config?: string;
  readonly json?: boolean;
}

/** Checks one server the way the service does, on a separate connection, and prints every step. */
export async function probe(options: ProbeOptions, context: CommandContext): Promise<ExitCode> {
  const { stdout, stderr } = context;
  const found = await findTarget({ ...options, headers: options.header, env: context.env });
  if (!found.ok) {
    stderr.stream.write(`${found.message}\n`);
    return EXIT.usage;
  }
  if (found.warning !== undefined) stderr.stream.write(`warning: ${found.warning}\n`);
  const server = withTimeout(found.server, options.timeout);
  if (server.unresolved !== undefined) {
    stderr.stream.write(`${server.name} cannot be checked: ${server.unresolved}\n`);
    return EXIT.usage;
  }
  const reports = await checkServer(server, context);
  const verdict = judge(server, reports);
  stdout.stream.write(
    options.json
      ? formatProbeJson(verdict)
      : formatProbe(verdict, { hasColours: stdout.hasColours, nowMs: context.clock.nowMs() }),
  );
  return verdict.status === 'healthy' ? EXIT.ok : EXIT.failed;
}

/** Ctrl-C aborts the check first, so that sessions and child processes are closed. */
async function checkServer(
  server: ServerSpec,
  context: CommandContext,
): Promise<readonly CheckReport[]> {
  const controller = new AbortController();
  const removals = (['SIGINT', 'SIGTERM'] as const).map((signal) =>
    context.onSignal(signal, () => {
      if (controller.signal.aborted) context.exitNow(EXIT.failed);
      controller.abort();
    }),
  );
  try {
    const connector = await context.createConnector();
    const { signal } = controller;
    return await probeOnce(connector, server, context.clock, { signal, deep: true });
  } finally {
    for (const remove of removals) remove();
  }
}

function withTimeout(server: ServerSpec, timeoutMs: number | undefined): ServerSpec {
  if (timeoutMs === undefined) return server;
  return { ...server, monitor: { ...server.monitor, timeoutMs, startTimeoutMs: timeoutMs } };
}

/** The status that the service would report after these checks alone, where a single failure is enough for Offline. */
function judge(server: ServerSpec, reports: readonly CheckReport[]): ProbeVerdict {
  const settings = { ...server.monitor, offlineAfter: 1, healthyAfter: 1 };
  const start = initialHealth({ monitor: { enabled: true } });
  const { status, reason } = reports.reduce<HealthState>(
    (state, { kind, outcome, detail, startedAtMs }) => {
      const evidence = {
        outcome,
        detail,
        hasCredentials: server.hasCredentials,
        isConnectivitySuspected: false,
      };
      return weighEvidence(
        state,
        // The reports of one check are in order, so the wall clock is good enough here.
        kind === 'deep'
          ? { ...evidence, kind }
          : { ...evidence, kind, atMs: asMonotonicMs(startedAtMs) },
        settings,
      );
    },
    start,
  );
  return { server, reports, status, reason, hint: hintFor(server, reports) };
}

/** What to do about a server that asks for credentials. */
function hintFor(server: ServerSpec, reports: readonly CheckReport[]): string | undefined {
  if (reports.every(({ outcome }) => outcome !== 'auth_required' && outcome !== 'forbidden'))
    return undefined;
  if (server.source !== COMMAND_LINE)
    return `The credentials of ${server.name} are in ${server.source}.`;
  return server.hasCredentials
    ? 'It did not accept the credentials given with --header.'
    : "Give credentials with --header 'Authorization: Bearer TOKEN'.";
}
