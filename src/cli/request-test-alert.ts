import { isJsonObject, type JsonObject } from '../facts/json-object.ts';
import type { TestSeverity } from '../facts/alert-event.ts';
import { type CommandContext, EXIT, type ExitCode } from './command-context.ts';
import { formatTable } from './format-table.ts';
import { fail, printAnswer, type ServiceCommandOptions, withService } from './service-api.ts';
import { stripControls } from './strip-controls.ts';
import { textField } from './text-field.ts';

export interface TestAlertOptions extends ServiceCommandOptions {
  readonly severity: TestSeverity;
  readonly by?: string;
}

/** Has the running service send a test alert, and prints where Alertmanager routed it. */
export async function requestTestAlert(
  { severity, by, ...options }: TestAlertOptions,
  context: CommandContext,
): Promise<ExitCode> {
  context.stderr.stream.write(
    `mcp-exporter: sending a real notification to everyone who receives alerts of severity ${severity}; waiting up to 20 s\n`,
  );
  return withService(options, context, async (api) => {
    const body = { severity, ...(by !== undefined && { by }) };
    const answer = await api.ask('POST', '/api/v1/alerts/test', body);
    if (!answer.ok) return fail(context, answer.message);
    printAnswer(options, context, answer.body, describeResult);
    return isMuted(answer.body) || receiversOf(answer.body) === '' ? EXIT.failed : EXIT.ok;
  });
}

function isMuted({ silenced, inhibited }: JsonObject): boolean {
  return silenced === true || inhibited === true;
}

function receiversOf({ receivers }: JsonObject): string {
  return Array.isArray(receivers) ? stripControls(receivers.map(String).join(', ')) : '';
}

function describeResult(result: JsonObject): string {
  const { webhook, silenced } = result;
  const isReceived = isJsonObject(webhook) && webhook['received'] === true;
  const waited = isJsonObject(webhook) ? Number(webhook['waited_seconds']).toFixed(1) : '';
  const muted = silenced === true ? 'silenced' : 'inhibited by another alert';
  return formatTable([
    ['alert', textField(result, 'alertname')],
    ['routed to', `${receiversOf(result) || 'no receiver'}${isMuted(result) ? `, ${muted}` : ''}`],
    ['webhook', isReceived ? `received after ${waited}s` : `not received within ${waited}s`],
    ['resolved', textField(result, 'ends_at')],
  ]);
}
