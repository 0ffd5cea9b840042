import {
  expectedTransport,
  type HttpTarget,
  type ServerSpec,
  type StdioTarget,
} from '../facts/server.ts';
import { argumentSecrets, createSecretBag } from './collect-secrets.ts';
import { createHttpTarget } from './create-http-target.ts';
import { printMasked } from './print-masked.ts';
import { completeGatewaySettings } from './gateway-settings.ts';
import { completeMonitor } from './monitor-settings.ts';

export interface AdHocOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Where it came from, as `source` of messages. */
  readonly source: string;
}

/** A server that no configuration names: a URL given to `probe` or `/probe`. Nothing where it is no http(s) URL. */
export function serverOfUrl(
  text: string,
  { headers = {}, source }: AdHocOptions,
): ServerSpec | undefined {
  const url = URL.parse(text);
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined;
  const secrets = createSecretBag();
  const { target, hasCredentials } = createHttpTarget(
    { url, headers, tlsSkipVerify: false },
    secrets,
  );
  return { ...adHoc(url.host, target, source), secrets: secrets.list(), hasCredentials };
}

/** A stdio server that no configuration names: a command line given to `probe`. */
export function serverOfCommand(
  command: string,
  args: readonly string[],
  { source }: AdHocOptions,
): ServerSpec {
  const secrets = createSecretBag();
  secrets.add(...argumentSecrets(args));
  const target = printMasked<StdioTarget>(
    { kind: 'stdio', command, args, env: {} },
    secrets.list(),
  );
  return { ...adHoc(command, target, source), secrets: secrets.list() };
}

function adHoc(name: string, target: HttpTarget | StdioTarget, source: string): ServerSpec {
  return {
    name: name || expectedTransport(target),
    target,
    monitor: completeMonitor({}, {}, false).settings,
    gateway: completeGatewaySettings({}, { listen: 'off' }, true),
    source,
    secrets: [],
    hasCredentials: false,
  };
}
