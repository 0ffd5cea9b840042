import {
  type GatewaySettings,
  type HttpTarget,
  type MonitorSettings,
  type OAuthSettings,
  type ServerSpec,
  type StdioTarget,
  UNRESOLVED_URL,
} from '../server.ts';
import { formatDuration } from './duration-text.ts';
import { maskText } from './mask-text.ts';
import type { Price } from './usage-cost.ts';

/** One setting as it is in force, whether configured, from `defaults` or built in. */
export interface SettingView {
  /** Below `mcpServers.NAME` in the configuration. */
  readonly key: string;
  /** Without secrets. */
  readonly value: string;
}

type Value = string | number | boolean | undefined;

/** The settings of a server for a person: durations as in the configuration, secrets as a mask; what is not set is absent. */
export function describeSettings(spec: ServerSpec): readonly SettingView[] {
  const { target, monitor, gateway, labels, secrets } = spec;
  const entries: readonly (readonly [string, Value])[] = [
    ...(target.kind === 'stdio' ? ofProgram(target) : ofRemote(target)),
    ...Object.entries(labels).map(([name, value]) => [`labels.${name}`, value] as const),
    ...ofMonitor(monitor),
    ...ofGateway(gateway),
  ];
  return entries.flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: maskText(String(value), secrets) }],
  );
}

function ofProgram({
  command,
  args,
  env,
  cwd,
}: StdioTarget): readonly (readonly [string, Value])[] {
  return [
    ['command', command],
    ['args', args.length === 0 ? undefined : args.map((arg) => JSON.stringify(arg)).join(' ')],
    ...Object.entries(env).map(([name, value]) => [`env.${name}`, value.toString()] as const),
    ['cwd', cwd],
  ];
}

function ofRemote(target: HttpTarget): readonly (readonly [string, Value])[] {
  const { headers, oauth, proxy } = target;
  return [
    ['url', withoutValues(target.url)],
    ['type', target.transport],
    ...Object.entries(headers).map(
      ([name, value]) => [`headers.${name}`, value.toString()] as const,
    ),
    ...(oauth ? ofOAuth(oauth) : []),
    ['tls.caFile', isSet(target.tlsCa)],
    ['tls.certFile', isSet(target.tlsCert)],
    ['tls.keyFile', target.tlsKey?.toString()],
    ['tls.serverName', target.tlsServerName],
    ['tls.insecureSkipVerify', target.tlsSkipVerify],
    ['proxy', proxy?.toString()],
  ];
}

/** A query may hold a key of any form: its names are enough. */
function withoutValues(address: string): string | undefined {
  if (address === UNRESOLVED_URL) return undefined;
  const url = URL.parse(address);
  if (!url) return address;
  const query = [...url.searchParams.keys()].map((name) => `${name}=***`).join('&');
  return `${url.protocol}//${url.host}${url.pathname}${query === '' ? '' : `?${query}`}`;
}

function isSet(value: unknown): Value {
  return value === undefined ? undefined : 'set';
}

function ofOAuth(oauth: OAuthSettings): readonly (readonly [string, Value])[] {
  return [
    ['auth.grant', oauth.grant],
    ['auth.tokenUrl', oauth.tokenUrl],
    ['auth.authorizationUrl', oauth.authorizationUrl],
    ['auth.issuer', oauth.issuer],
    ['auth.clientId', oauth.clientId],
    ['auth.clientSecret', oauth.clientSecret?.toString()],
    ['auth.scopes', oauth.scopes.length === 0 ? undefined : oauth.scopes.join(' ')],
    ['auth.resource', oauth.resource],
  ];
}

function ofMonitor(monitor: MonitorSettings): readonly (readonly [string, Value])[] {
  const { call, errorRate, responseTime } = monitor;
  return [
    ['monitor.enabled', monitor.enabled],
    ['monitor.interval', formatDuration(monitor.intervalMs)],
    ['monitor.unhealthyInterval', formatDuration(monitor.unhealthyIntervalMs)],
    ['monitor.retryInterval', formatDuration(monitor.retryIntervalMs)],
    ['monitor.offlineIntervalMax', formatDuration(monitor.offlineIntervalMsMax)],
    ['monitor.timeout', formatDuration(monitor.timeoutMs)],
    ['monitor.startTimeout', formatDuration(monitor.startTimeoutMs)],
    ['monitor.deepInterval', formatDuration(monitor.deepIntervalMs)],
    ['monitor.offlineAfter', monitor.offlineAfter],
    ['monitor.healthyAfter', monitor.healthyAfter],
    ['monitor.disableAfter', optionalDuration(monitor.disableAfterMs) ?? 'never'],
    ['monitor.responseTime.warning', formatDuration(responseTime.warningMs)],
    ['monitor.responseTime.critical', formatDuration(responseTime.criticalMs)],
    ['monitor.errorRate.warning', percent(errorRate.warningRatio)],
    ['monitor.errorRate.critical', percent(errorRate.criticalRatio)],
    ['monitor.errorRate.toolErrors', percent(errorRate.toolErrorRatio)],
    ['monitor.errorRate.window', formatDuration(errorRate.windowMs)],
    ['monitor.errorRate.minRequests', errorRate.minRequests],
    ['monitor.callLatency', monitor.callLatency],
    ['monitor.era', monitor.era],
    ['monitor.call.tool', call?.tool],
    ['monitor.call.arguments', call && JSON.stringify(call.arguments)],
    ['monitor.call.expect', call && JSON.stringify(call.expect)],
  ];
}

function ofGateway(gateway: GatewaySettings): readonly (readonly [string, Value])[] {
  const { prices } = gateway;
  return [
    ['gateway.enabled', gateway.enabled],
    ['gateway.timeout', formatDuration(gateway.timeoutMs)],
    ['gateway.preserveHost', gateway.preserveHost],
    ['gateway.publicUrl', gateway.publicUrl],
    ['gateway.authorization', gateway.authorization],
    ['gateway.injectHeaders', gateway.injectHeaders],
    ['gateway.maxInFlight', gateway.maxInFlight],
    ['gateway.maxSessions', gateway.maxSessions],
    ['gateway.prices', prices && describePrice(prices)],
    ...Object.entries(prices?.tools ?? {}).map(
      ([tool, price]) => [`gateway.prices.tools.${tool}`, describePrice(price)] as const,
    ),
  ];
}

function describePrice(price: Price): string | undefined {
  const parts = [
    price.perCallUsd !== undefined && `$${price.perCallUsd} per call`,
    price.perThousandInputTokensUsd !== undefined &&
      `$${price.perThousandInputTokensUsd} per 1,000 input tokens`,
    price.perThousandOutputTokensUsd !== undefined &&
      `$${price.perThousandOutputTokensUsd} per 1,000 output tokens`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? undefined : parts.join(', ');
}

function optionalDuration(durationMs: number | undefined): string | undefined {
  return durationMs === undefined ? undefined : formatDuration(durationMs);
}

function percent(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(6))}%`;
}
