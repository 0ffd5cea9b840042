import {
  expectedTransport,
  type HttpTarget,
  type ServerSpec,
  type StdioTarget,
} from '../../domain/server.ts';
import { Secret } from '../../domain/secret.ts';
import { settleMonitor } from './settle-monitor.ts';

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
  const values = Object.entries(headers).map(([name, value]) => [name, new Secret(value)] as const);
  const target: HttpTarget = {
    kind: 'http',
    url: text,
    transport: url.pathname.endsWith('/sse') ? 'sse' : 'auto',
    headers: Object.fromEntries(values),
    tlsSkipVerify: false,
  };
  const hidden = [url.username, url.password, ...url.searchParams.values()].filter(
    (value) => value !== '',
  );
  return {
    ...adHoc(url.host, target, source),
    secrets: [...values.map(([, secret]) => secret), ...hidden.map((value) => new Secret(value))],
    hasCredentials: values.length > 0 || url.username !== '',
  };
}

/** A stdio server that no configuration names: a command line given to `probe`. */
export function serverOfCommand(
  command: string,
  args: readonly string[],
  { source }: AdHocOptions,
): ServerSpec {
  return adHoc(command, { kind: 'stdio', command, args, env: {} }, source);
}

function adHoc(name: string, target: HttpTarget | StdioTarget, source: string): ServerSpec {
  return {
    name: name || expectedTransport(target),
    target,
    monitor: settleMonitor({}, {}, false).settings,
    source,
    secrets: [],
    hasCredentials: false,
  };
}
