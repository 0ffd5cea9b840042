import { isJsonObject, type JsonObject } from '../facts/json-object.ts';
import { formatDuration } from '../facts/rules/duration-text.ts';
import { type CommandContext, EXIT, type ExitCode } from './command-context.ts';
import { formatTable } from './format-table.ts';
import {
  fail,
  printAnswer,
  runRequest,
  type ServiceApi,
  type ServiceAnswer,
  type ServiceCommandOptions,
  withService,
} from './service-api.ts';
import { textField } from './text-field.ts';

export interface StatusOptions extends ServiceCommandOptions {
  /** Default: all servers, one a line. */
  readonly name?: string | undefined;
  /** Prints the names alone, one a line. */
  readonly names?: boolean;
}

const PAGE_SIZE = 1_000;

/** Prints what the running service knows of its servers, or of one. */
export async function showStatus(
  { name, names = false, ...options }: StatusOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const nowMs = context.clock.nowMs();
  if (name !== undefined)
    return runRequest(options, context, ['GET', serverApiPath(name)], (server) =>
      describeServer(server, nowMs),
    );
  return withService(options, context, async (api) => {
    const answer = await listServers(api);
    if (!answer.ok) return fail(context, answer.message);
    printAnswer(options, context, answer.body, ({ servers }) =>
      names
        ? objects(servers)
            .map((server) => textField(server, 'name'))
            .join('\n')
        : describeServers(objects(servers), nowMs),
    );
    return EXIT.ok;
  });
}

export function serverApiPath(name: string): string {
  return `/api/v1/mcp/servers/${encodeURIComponent(name)}`;
}

/** All pages of the list. */
async function listServers(api: ServiceApi): Promise<ServiceAnswer> {
  const servers: JsonObject[] = [];
  let cursor = '';
  for (;;) {
    const from = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await api.ask('GET', `/api/v1/mcp/servers?limit=${PAGE_SIZE}${from}`);
    if (!answer.ok) return answer;
    servers.push(...objects(answer.body['servers']));
    cursor = textField(answer.body, 'next_cursor');
    if (cursor === '') return { ...answer, body: { servers, total: servers.length } };
  }
}

function describeServers(servers: readonly JsonObject[], nowMs: number): string {
  if (servers.length === 0) return 'no servers';
  const rows = servers.map((server) => [
    textField(server, 'name'),
    textField(server, 'status'),
    since(server, nowMs),
    responseTime(server),
    uptime(server),
    textField(server, 'reason'),
  ]);
  return formatTable([['SERVER', 'STATUS', 'FOR', 'RESPONSE', 'UPTIME 24H', 'REASON'], ...rows]);
}

function describeServer(server: JsonObject, nowMs: number): string {
  const { disabled, last_check: lastCheck } = server;
  const lines: readonly (readonly [string, string])[] = [
    ['status', `${textField(server, 'status')}, for ${since(server, nowMs)}`],
    ['reason', textField(server, 'reason')],
    ['endpoint', `${textField(server, 'endpoint')} (${textField(server, 'transport')})`],
    ['response', responseTime(server)],
    ['uptime 24h', uptime(server)],
    ['last check', isJsonObject(lastCheck) ? describeReport(lastCheck) : 'none yet'],
    ...(isJsonObject(disabled) ? [['disabled', describeDisabled(disabled)] as const] : []),
  ];
  const rows = lines.filter(([, value]) => value !== '');
  return `${textField(server, 'name')}\n${formatTable(rows.map(([key, value]) => [`  ${key}`, value]))}`;
}

function describeDisabled(disabled: JsonObject): string {
  const [by, until, reason] = ['by', 'until', 'reason'].map((key) => textField(disabled, key));
  return `by ${by}${until ? `, until ${until}` : ''}${reason ? `: ${reason}` : ''}`;
}

/** One line of a check. */
export function describeReport(report: JsonObject): string {
  const { duration_seconds: seconds } = report;
  const took = typeof seconds === 'number' ? `, ${formatMs(seconds * 1_000)}` : '';
  const detail = textField(report, 'detail');
  return `${textField(report, 'kind')}: ${textField(report, 'outcome')}${took}${detail === '' ? '' : `, ${detail}`}`;
}

export function objects(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function since(server: JsonObject, nowMs: number): string {
  const atMs = Date.parse(textField(server, 'status_since'));
  if (Number.isNaN(atMs)) return '';
  const spanMs = Math.max(0, nowMs - atMs);
  return formatDuration(Math.floor(spanMs / unitOf(spanMs)) * unitOf(spanMs));
}

/** Two units are enough. */
function unitOf(spanMs: number): number {
  if (spanMs < 3_600_000) return 1_000;
  return spanMs < 86_400_000 ? 60_000 : 3_600_000;
}

function responseTime({ response_time_seconds: seconds }: JsonObject): string {
  return typeof seconds === 'number' ? formatMs(seconds * 1_000) : '';
}

function formatMs(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)}ms` : `${Math.round(ms)}ms`;
}

/** Rounded down: 100 % means that nothing was missed. */
function uptime({ uptime_ratio: ratio }: JsonObject): string {
  return typeof ratio === 'number' ? `${(Math.floor(ratio * 10_000) / 100).toFixed(2)}%` : '';
}
