import type { JsonObject } from '../facts/json-object.ts';
import { type CommandContext, EXIT, type ExitCode } from './command-context.ts';
import { formatTable } from './format-table.ts';
import {
  fail,
  printAnswer,
  type ServiceApi,
  type ServiceCommandOptions,
  withService,
} from './service-api.ts';
import { describeReport, objects, serverApiPath } from './show-status.ts';
import { textField } from './text-field.ts';

export interface ServiceCheckOptions extends ServiceCommandOptions {
  /** Default: all servers. */
  readonly name?: string | undefined;
  readonly by?: string;
}

/** Has the running service check a server, or all that are not disabled, and waits for the results. */
export async function checkServers(
  { name, by, ...options }: ServiceCheckOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const body = by === undefined ? {} : { by };
  return withService(options, context, async (api) => {
    const answer =
      name === undefined
        ? await checkAll(api, body, context)
        : await api.ask('POST', `${serverApiPath(name)}/check`, body);
    if (!answer.ok) return fail(context, answer.message);
    const checked = name === undefined ? objects(answer.body['servers']) : [answer.body];
    printAnswer(options, context, answer.body, () => describeChecked(checked));
    return checked.every(isFine) ? EXIT.ok : EXIT.failed;
  });
}

export interface RestartServerOptions extends ServiceCommandOptions {
  readonly name: string;
  readonly reason?: string;
  readonly by?: string;
}

/** Restarts the child of a stdio server, and waits for the check of the new one. */
export async function restartServer(
  { name, reason, by, ...options }: RestartServerOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const body = { ...(reason !== undefined && { reason }), ...(by !== undefined && { by }) };
  return withService(options, context, async (api) => {
    const answer = await api.ask('POST', `${serverApiPath(name)}/restart`, body);
    if (!answer.ok) return fail(context, answer.message);
    printAnswer(options, context, answer.body, (restarted) => describeChecked([restarted]));
    return isFine(answer.body) ? EXIT.ok : EXIT.failed;
  });
}

/** The service answers 202 after a while, and the same request joins the checks that go on. */
async function checkAll(
  api: ServiceApi,
  body: JsonObject,
  { stderr }: CommandContext,
): ReturnType<ServiceApi['ask']> {
  for (;;) {
    const answer = await api.ask('POST', '/api/v1/mcp/servers/check', body);
    if (!answer.ok || answer.status !== 202) return answer;
    const { checked, total } = answer.body;
    stderr.stream.write(`mcp-exporter: ${Number(checked)} of ${Number(total)} servers checked\n`);
  }
}

function describeChecked(checked: readonly JsonObject[]): string {
  if (checked.length === 0) return 'no servers to check';
  return formatTable(
    checked.map((server) => {
      const problem = textField(server, 'problem');
      const reports = objects(server['reports']).map(describeReport);
      return [textField(server, 'server'), problem === '' ? reports.join('; ') : problem];
    }),
  );
}

function isFine(server: JsonObject): boolean {
  const reports = objects(server['reports']);
  return reports.length > 0 && reports.every(({ outcome }) => outcome === 'ok');
}
