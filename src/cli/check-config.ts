import type { Config } from '../settings/config.ts';
import { CONFIG_FILE_NAMES, findConfig } from '../settings/files.ts';
import { loadConfig } from '../settings/load-config.ts';
import { formatProblems } from '../settings/problem.ts';
import { formatDuration } from '../settings/units.ts';
import { endpointLabel, type ServerSpec } from '../facts/server.ts';

export interface CheckConfigOptions {
  /** Default: the configuration in the working directory. */
  readonly path?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
}

interface TextOutput {
  write(text: string): unknown;
}

/**
 * Prints what `serve` would monitor, or every mistake at once. Starts nothing and sends nothing.
 * @returns the exit code: 0 if the configuration is valid, 1 if not
 */
export async function checkConfig({
  path,
  env,
  stdout,
  stderr,
}: CheckConfigOptions): Promise<0 | 1> {
  const file = path ?? (await findConfig());
  if (file === undefined) {
    stderr.write(
      `no configuration: neither ${CONFIG_FILE_NAMES.join(' nor ')} is in this directory\n`,
    );
    return 1;
  }
  const result = await loadConfig({ path: file, env });
  if (!result.ok) {
    const { length } = result.problems;
    stderr.write(
      `${formatProblems(result.problems)}\n${length} ${length === 1 ? 'mistake' : 'mistakes'}\n`,
    );
    return 1;
  }
  if (result.warnings.length > 0)
    stderr.write(`${formatProblems(result.warnings).replaceAll(/^/gm, 'warning: ')}\n`);
  stdout.write(describeConfig(file, result.config));
  return 0;
}

function describeConfig(file: string, { listen, servers }: Config): string {
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  const rows = [
    ['SERVER', 'TRANSPORT', 'ENDPOINT', 'INTERVAL', 'DEFINED IN'],
    ...servers.map(describeServer),
  ];
  const title = `${file} is valid: ${servers.length} ${servers.length === 1 ? 'server' : 'servers'}, listening on ${host}:${listen.port}`;
  return `${title}\n\n${formatTable(rows)}\n`;
}

function describeServer(server: ServerSpec): string[] {
  const { name, target, monitor, source, unresolved } = server;
  const transport = target.kind === 'stdio' ? 'stdio' : target.transport;
  const interval = monitor.enabled ? formatDuration(monitor.intervalMs) : 'disabled';
  return [
    name,
    transport,
    endpointLabel(server),
    unresolved === undefined ? interval : `never: ${unresolved}`,
    source,
  ];
}

function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
