import type { Config } from '../settings/config.ts';
import { CONFIG_FILE_NAMES, findConfig } from '../settings/files.ts';
import { formatListen } from '../settings/gateway-address.ts';
import { loadConfig, type LoadConfigResult } from '../settings/load-config.ts';
import { formatProblems, type Problem } from '../settings/source-file.ts';
import { formatDuration } from '../settings/units.ts';
import { endpointLabel, type ServerSpec } from '../facts/server.ts';
import { formatTable } from './format-table.ts';

export interface CheckConfigOptions {
  /** Default: the configuration in the working directory. */
  readonly path?: string | undefined;
  /** Prints one JSON document, mistakes included, to standard output. */
  readonly json?: boolean | undefined;
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
  json = false,
  env,
  stdout,
  stderr,
}: CheckConfigOptions): Promise<0 | 1> {
  const file = path ?? (await findConfig());
  if (file === undefined) {
    const message = `no configuration: neither ${CONFIG_FILE_NAMES.join(' nor ')} is in this directory`;
    if (json) stdout.write(toJson({ valid: false, mistakes: [{ message }], warnings: [] }));
    else stderr.write(`${message}\n`);
    return 1;
  }
  const result = await loadConfig({ path: file, env });
  if (json) {
    stdout.write(toJson(documentOf(file, result)));
    return result.ok ? 0 : 1;
  }
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

interface CheckDocument {
  readonly file?: string;
  readonly valid: boolean;
  /** `host:port` */
  readonly listen?: string;
  readonly servers?: readonly object[];
  readonly mistakes: readonly (Problem | Pick<Problem, 'message'>)[];
  readonly warnings: readonly Problem[];
}

function toJson(document: CheckDocument): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function documentOf(file: string, result: LoadConfigResult): CheckDocument {
  if (!result.ok) return { file, valid: false, mistakes: result.problems, warnings: [] };
  const { listen, servers } = result.config;
  return {
    file,
    valid: true,
    listen: formatListen(listen),
    servers: servers.map((server) => ({
      name: server.name,
      transport: transportOf(server),
      endpoint: endpointLabel(server),
      enabled: server.monitor.enabled,
      intervalMs: server.monitor.intervalMs,
      ...(server.unresolved !== undefined && { unresolved: server.unresolved }),
      definedIn: server.source,
    })),
    mistakes: [],
    warnings: result.warnings,
  };
}

function transportOf({ target }: ServerSpec): string {
  return target.kind === 'stdio' ? 'stdio' : target.transport;
}

function describeConfig(file: string, { listen, servers }: Config): string {
  const rows = [
    ['SERVER', 'TRANSPORT', 'ENDPOINT', 'INTERVAL', 'DEFINED IN'],
    ...servers.map(describeServer),
  ];
  const title = `${file} is valid: ${servers.length} ${servers.length === 1 ? 'server' : 'servers'}, listening on ${formatListen(listen)}`;
  return `${title}\n\n${formatTable(rows)}\n`;
}

function describeServer(server: ServerSpec): string[] {
  const { name, monitor, source, unresolved } = server;
  const interval =
    unresolved === undefined ? formatDuration(monitor.intervalMs) : `never: ${unresolved}`;
  return [
    name,
    transportOf(server),
    endpointLabel(server),
    monitor.enabled ? interval : 'disabled',
    source,
  ];
}
