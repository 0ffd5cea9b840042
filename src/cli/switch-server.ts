import type { CommandContext, ExitCode } from './command-context.ts';
import { runRequest, type ServiceCommandOptions } from './service-api.ts';
import { serverApiPath } from './show-status.ts';
import { isJsonObject, type JsonObject } from '../facts/json-object.ts';
import { textField } from './text-field.ts';

export interface SwitchServerOptions extends ServiceCommandOptions {
  readonly to: 'disable' | 'enable';
  readonly name: string;
  readonly reason?: string;
  readonly by?: string;
  /** A duration, as the API takes it. */
  readonly for?: string;
  /** A time with its zone. */
  readonly until?: string;
}

/** Takes a server out of service, or back. */
export async function switchServer(
  { to, name, reason, by, for: duration, until, ...options }: SwitchServerOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const body = {
    ...(reason !== undefined && { reason }),
    ...(by !== undefined && { by }),
    ...(duration !== undefined && { duration }),
    ...(until !== undefined && { until }),
  };
  const path = `${serverApiPath(name)}/${to}`;
  return runRequest(options, context, ['POST', path, body], (answer) =>
    describeSwitch({ to, name }, answer),
  );
}

function describeSwitch(
  { to, name }: Pick<SwitchServerOptions, 'to' | 'name'>,
  { changed, kept, server }: JsonObject,
): string {
  const was = changed === true ? '' : ' already';
  const disabled = isJsonObject(server) ? server['disabled'] : undefined;
  const until = isJsonObject(disabled) ? textField(disabled, 'until') : '';
  const end = to === 'disable' ? (until === '' ? ' until it is enabled' : ` until ${until}`) : '';
  const lost = kept === false ? '\nThe journal does not have it: it ends with the service.' : '';
  return `${name} is${was} ${to}d${end}${lost}`;
}
