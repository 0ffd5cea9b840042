import { createHash } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import type { z } from 'zod';
import { Secret } from '../facts/secret.ts';
import type { ListenAddress, OtlpLogSettings } from '../facts/service-settings.ts';
import type { WebConfig } from '../facts/web-config.ts';
import { AlertSchema } from './alerting-schema.ts';
import { type ConfigInput, restartValues } from './config-schema.ts';
import type { Config, GatewayConfig, JournalConfig } from './config.ts';
import { type LoadContext, resolvePath } from './files.ts';
import { collides } from './gateway-address.ts';
import { gatewayListen, readAuthentication } from './gateway.ts';
import { completeMaintenance, WindowSchema } from './maintenance.ts';
import { checkPublicUrls } from './public-urls.ts';
import { completeAlertmanager, completePrometheus } from './remote-api.ts';
import type { ServerList } from './server-list.ts';
import { isHttpUrl, JournalSchema, LOGS_ENDPOINT_VARIABLE } from './service-schema.ts';
import {
  nodeAt,
  type Path,
  problemAt,
  type SourceFile,
  type SourceNode,
  toValue,
} from './source-file.ts';
import { checkAlerting, completeAlerts, type Indexed, type ServerNames } from './user-alerts.ts';
import { loadWebConfig } from './web-config.ts';

/** A file that the schema accepted. */
export interface ParsedFile {
  readonly input: ConfigInput;
  readonly source: SourceFile;
  /** The file before its variables were expanded. */
  readonly written: SourceNode | undefined;
  /** A client's file as the configuration: none of our keys is in it. */
  readonly isClientFile: boolean;
  /** Whether the value at a path was wrong and taken out. */
  isPruned(path: Path): boolean;
}

/** Turns a parsed file into settings: checks what the schema cannot check, and reads the files that it names. */
export async function completeConfig(
  file: ParsedFile,
  servers: ServerList,
  context: LoadContext,
): Promise<Config> {
  const { input, source } = file;
  const { alerting } = input;
  const apis = await completeRemoteApis(file, context);
  const adminToken = await readToken('admin', file, context);
  const alertToken = await readToken('alertWebhook', file, context);
  const markerToken = await readToken('markers', file, context);
  const web = await readWebConfig(file, context);
  checkPublicUrls(servers.list(), file.input, source, context);
  checkAlerting(source, file.written, context.problems);
  const names: ServerNames = {
    source,
    problems: context.problems,
    servers: namesOf(servers, input),
    isPruned: (path) => file.isPruned(path),
  };
  return {
    listen: input.listen,
    gateway: await completeGateway(file, context),
    servers: servers.list(),
    probe: input.probe,
    admin: completeAdmin(file, adminToken, context),
    log: completeLog(input, context),
    audit: input.audit,
    metrics: input.metrics,
    tracing: input.tracing,
    alerts: completeAlerts(itemsOf(file, 'alerts', input.alerts, AlertSchema), {
      ...names,
      alerting,
    }),
    alertRulesFile: inFolder(input.alertRulesFile, context),
    ...(alerting && { alerting }),
    ...apis,
    maintenance: completeMaintenance(
      itemsOf(file, 'maintenance', input.maintenance, WindowSchema),
      names,
    ),
    journal: completeJournal(file, context),
    alertWebhook: alertToken ? { token: alertToken } : {},
    markers: markerToken ? { token: markerToken } : {},
    ...(web && { web }),
    atStart: restartValues(input, {
      'admin.tokenFile': adminToken,
      'alertWebhook.tokenFile': alertToken,
      'markers.tokenFile': markerToken,
    }),
  };
}

/** Other programs that are asked or told something. */
async function completeRemoteApis(
  { input, source }: ParsedFile,
  context: LoadContext,
): Promise<Pick<Config, 'alertmanager' | 'prometheus'>> {
  const { alertmanager, prometheus } = input;
  return {
    ...(alertmanager && {
      alertmanager: await completeAlertmanager(alertmanager, source, context),
    }),
    ...(prometheus && { prometheus: await completePrometheus(prometheus, source, context) }),
  };
}

function completeLog({ log }: ConfigInput, context: LoadContext): Config['log'] {
  const { level, format, access, plugin, file } = log;
  const otlp = log.otlp ?? otlpOfEnvironment(context);
  return {
    level,
    format,
    access,
    plugin,
    ...(file && {
      file: {
        path: inFolder(file.path, context),
        maxBytes: file.maxSize,
        maxFiles: file.maxFiles,
      },
    }),
    ...(otlp && { otlp }),
  };
}

/** One entry of a list with a mistake must not keep the mistakes of the others from being found. */
function itemsOf<Schema extends z.ZodType>(
  { source, isPruned }: ParsedFile,
  key: string,
  items: readonly z.output<Schema>[],
  schema: Schema,
): readonly Indexed<z.output<Schema>>[] {
  if (!isPruned([key])) return items.map((input, index) => ({ index, input }));
  const written = nodeAt(source.root, [key]);
  if (written?.kind !== 'list') return [];
  return written.items.flatMap((item, index) => {
    const parsed = schema.safeParse(toValue(item));
    return parsed.success ? [{ index, input: parsed.data }] : [];
  });
}

/** The addresses of the pages and of the gateway. */
export function listenersOf({ listen, gateway }: ConfigInput): ListenAddress[] {
  const own = gatewayListen(gateway);
  return [listen, ...(own ? [own] : [])];
}

export function checkListeners({ input, source }: ParsedFile, { problems }: LoadContext): void {
  const [listen, gateway] = listenersOf(input);
  if (!listen || !gateway || !collides(listen, gateway)) return;
  const written = ['gateway', 'listen'];
  const path = nodeAt(source.root, written) === undefined ? ['listen'] : written;
  const message = `the gateway and the metrics need ports of their own, and both have ${gateway.port}`;
  problems.push(problemAt(source, path, message));
}

async function completeGateway(
  { input: { gateway }, source }: ParsedFile,
  context: LoadContext,
): Promise<GatewayConfig> {
  const listen = gatewayListen(gateway);
  const authentication =
    gateway.authentication && (await readAuthentication(gateway.authentication, source, context));
  return {
    ...(listen && { listen }),
    allowedHosts: gateway.allowedHosts,
    allowedOrigins: gateway.allowedOrigins,
    bodyBytesMax: gateway.bodyLimit,
    sessionIdleMs: gateway.sessionIdle,
    ...(authentication && { authentication }),
    ...(gateway.rateLimit && { rateLimit: gateway.rateLimit }),
  };
}

function completeJournal(
  { input: { journal }, isClientFile }: ParsedFile,
  context: LoadContext,
): JournalConfig {
  const written = journal.path === 'off' ? undefined : inFolder(journal.path, context);
  const path = isClientFile ? journalOfClientFile(context) : written;
  return {
    ...(path === undefined ? {} : { path }),
    checksMs: journal.checks,
    callsMs: journal.calls,
    errorsMs: journal.errors,
    alertsMs: journal.alerts,
    bytesMax: journal.maxSize,
  };
}

/** Beside the journal, or where it would be by default: a login is kept even if nothing else is. */
export function loginDirectoryOf({ journal }: ConfigInput, context: LoadContext): string {
  const path = journal.path === 'off' ? JournalSchema.parse({}).path : journal.path;
  return join(dirname(resolve(inFolder(path, context))), 'logins');
}

/** We put no files into a client's folder (XDG Base Directory Specification: `$XDG_STATE_HOME`). */
function journalOfClientFile({ path, env, home }: LoadContext): string | undefined {
  const named = env['XDG_STATE_HOME'];
  const states = named?.startsWith('/') ? named : home && join(home, '.local', 'state');
  if (states === undefined || states === '') return undefined;
  // One for each file, since two services cannot share one.
  const hash = createHash('sha256').update(resolve(path)).digest('hex').slice(0, 12);
  return join(states, 'mcp-exporter', `journal-${hash}.sqlite`);
}

function otlpOfEnvironment({ env, path, problems }: LoadContext): OtlpLogSettings | undefined {
  const endpoint = env[LOGS_ENDPOINT_VARIABLE]?.trim() ?? '';
  if (endpoint === '') return undefined;
  if (isHttpUrl(endpoint)) return { endpoint, headers: {} };
  const message = `${LOGS_ENDPOINT_VARIABLE} of the environment must be an absolute URL that starts with http:// or https://`;
  problems.push({ file: path, line: 1, column: 1, path: 'log.otlp', message });
  return undefined;
}

async function readWebConfig(
  { input: { webConfigFile }, source }: ParsedFile,
  context: LoadContext,
): Promise<WebConfig | undefined> {
  if (webConfigFile === undefined) return undefined;
  const report = (message: string): void => {
    context.problems.push(problemAt(source, ['webConfigFile'], message));
  };
  return loadWebConfig(inFolder(webConfigFile, context), report, context);
}

function completeAdmin(
  { input }: ParsedFile,
  token: Secret | undefined,
  context: LoadContext,
): Config['admin'] {
  const { tokenFile } = input.admin;
  return token && tokenFile !== undefined ? { token, tokenFile: inFolder(tokenFile, context) } : {};
}

async function readToken(
  key: 'admin' | 'alertWebhook' | 'markers',
  { input, source }: ParsedFile,
  context: LoadContext,
): Promise<Secret | undefined> {
  const file = input[key].tokenFile;
  if (file === undefined) return undefined;
  const result = await context.readText(inFolder(file, context));
  const token = result.ok ? result.text.trim() : '';
  if (token !== '') return new Secret(token);
  const message = result.ok ? 'the file is empty' : `the file ${result.reason}`;
  context.problems.push(problemAt(source, [key, 'tokenFile'], message));
  return undefined;
}

/** An entry with a mistake counts as a server too: a reference to it is valid. */
function namesOf(servers: ServerList, { mcpServers }: ConfigInput): string[] {
  return [...new Set([...servers.list().map(({ name }) => name), ...Object.keys(mcpServers)])];
}

/** A path relative to the configuration file. */
function inFolder(path: string, context: LoadContext): string {
  return resolvePath(path, dirname(context.path), context.home);
}
