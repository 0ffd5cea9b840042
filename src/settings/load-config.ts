import { dirname } from 'node:path';
import type { AlertingConfig } from '../facts/alerting.ts';
import { Secret } from '../facts/secret.ts';
import type { UserAlert } from '../facts/user-alert.ts';
import type { WebConfig } from '../facts/web-config.ts';
import { ALERT_DEFAULTS } from './alerting-schema.ts';
import { CONFIG_DEFAULTS, type ConfigInput, ConfigSchema } from './config-schema.ts';
import type { AuthenticationConfig, Config, GatewayConfig, ListenAddress } from './config.ts';
import { homeVariables, isClientFile } from './client-file.ts';
import { GATEWAY_DEFAULTS, type GatewayInput } from './gateway-schema.ts';
import { collides, parseListen } from './listen-address.ts';
import { createServerList, type ServerList } from './server-list.ts';
import { expandValues } from './expand-values.ts';
import { parseValues } from './parse-values.ts';
import type { LoadContext } from './load-context.ts';
import { prepareServers } from './prepare-servers.ts';
import type { Problem } from './problem.ts';
import { problemAt } from './problem-at.ts';
import { loadWebConfig } from './load-web-config.ts';
import { readSource } from './read-source.ts';
import { readText, type ReadText } from './read-text.ts';
import { resolvePath } from './resolve-path.ts';
import { restartValues } from './restart-keys.ts';
import { scalarsOf, type SourceFile } from './source-node.ts';
import { settleAlerting, settleAlerts } from './settle-alerts.ts';
import { settleAuthentication } from './settle-authentication.ts';
import { gatewayListen } from './settle-gateway.ts';
import { settleJournal } from './settle-journal.ts';
import { settleOtlpLogs } from './settle-otlp-logs.ts';
import { settleTracing } from './settle-tracing.ts';
import { TELEMETRY_DEFAULTS } from './telemetry-schema.ts';
import { parseDuration, parseSize } from './units.ts';

export interface LoadConfigOptions {
  /** Our own YAML (or the same as JSON), or directly a client's file. */
  readonly path: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readText?: ReadText;
}

export type LoadConfigResult = {
  /** Every file that was read or looked for: what a watcher has to watch. */
  readonly files: readonly string[];
  readonly warnings: readonly Problem[];
} & (
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly Problem[] }
);

/** Reads a configuration with everything it names. Finds all mistakes at once; never rejects because of what files say. */
export async function loadConfig({
  path,
  env,
  readText: read = readText,
}: LoadConfigOptions): Promise<LoadConfigResult> {
  const files = new Set<string>();
  const tracked: ReadText = (file) => {
    files.add(file);
    return read(file);
  };
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const home = env['HOME'] ?? env['USERPROFILE'];
  const config = await load({ path, env, home, readText: tracked, problems, warnings });
  if (config === undefined || problems.length > 0)
    return { ok: false, problems: sortProblems(problems, path), warnings, files: [...files] };
  return {
    ok: true,
    config: freeze(config),
    warnings: sortProblems(warnings, path),
    files: [...files],
  };
}

async function load(context: LoadContext): Promise<Config | undefined> {
  const { path, problems, warnings } = context;
  const result = await context.readText(path);
  if (!result.ok) {
    problems.push({
      file: path,
      line: 0,
      column: 0,
      path: '',
      message: `the file ${result.reason}`,
    });
    return undefined;
  }
  const written = readSource(path, result.text);
  if (written.root === undefined) {
    problems.push(...written.problems);
    if (problems.length === 0)
      problems.push({
        file: path,
        line: 1,
        column: 1,
        path: '',
        message: 'the file is empty; it needs mcpServers or import',
      });
    return undefined;
  }
  const config = isClientFile(path, result.text, written.root)
    ? await loadClientFile(path, context)
    : await loadOwnFile(written, context);
  if (config?.servers.length === 0 && problems.length === 0) {
    warnings.push({
      file: path,
      line: 1,
      column: 1,
      path: '',
      message: 'there is no server to watch',
    });
  }
  return config;
}

async function loadClientFile(path: string, context: LoadContext): Promise<Config> {
  const servers = createServerList(context, {
    defaults: {},
    gateway: {},
    directory: dirname(path),
    listeners: listenersOf({}),
  });
  await servers.addFile(path, (message) =>
    context.problems.push({ file: path, line: 1, column: 1, path: '', message }),
  );
  return settleConfig(undefined, { alerts: [] }, servers, context);
}

async function loadOwnFile(written: SourceFile, context: LoadContext): Promise<Config | undefined> {
  const { path, home, problems } = context;
  problems.push(...written.problems);
  const directory = dirname(path);
  const expanded = await expandValues(written, {
    env: context.env,
    variables: homeVariables(home),
    isClientFile: false,
    readValueFile: (file) => context.readText(resolvePath(file, directory, home)),
  });
  problems.push(...expanded.problems);
  const source: SourceFile = {
    ...expanded.source,
    root: prepareServers(expanded.source.root, false),
  };
  const parsed = parseValues(ConfigSchema, source, written.root);
  problems.push(...parsed.problems, ...parsed.unknownKeys);
  for (const [at, scalar] of scalarsOf(source.root)) {
    if (scalar.unresolved !== undefined && at[0] !== 'mcpServers')
      problems.push(problemAt(source, at, scalar.unresolved));
  }
  if (parsed.value === undefined) return undefined;
  const input = parsed.value;
  const servers = createServerList(context, {
    defaults: input.defaults ?? {},
    gateway: input.gateway ?? {},
    directory,
    listeners: listenersOf(input),
  });
  checkListeners(input, source, context);
  servers.checkDefaults(source);
  await servers.addOwn(source, input.mcpServers ?? {}, parsed.isPruned);
  for (const [index, file] of (input.import ?? []).entries()) {
    await servers.addFile(resolvePath(file, directory, home), (message) =>
      problems.push(problemAt(source, ['import', index], message)),
    );
  }
  servers.finish();
  const token = await readToken('admin', input, source, context);
  const alertToken = await readToken('alertWebhook', input, source, context);
  const authentication = await settleAuthentication(input.gateway?.authentication, source, context);
  const web = await readWebConfig(input, source, context);
  const alerting = settleAlerting(input.alerting, source, written.root, problems);
  const alerts = settleAlerts(input.alerts ?? [], {
    source,
    problems,
    servers: namesOf(servers, input),
    alerting,
    isPruned: parsed.isPruned,
  });
  return settleConfig(
    input,
    {
      alerts,
      ...(alerting ? { alerting } : {}),
      ...(token ? { token } : {}),
      ...(alertToken ? { alertToken } : {}),
      ...(authentication ? { authentication } : {}),
      ...(web ? { web } : {}),
    },
    servers,
    context,
  );
}

/** An entry with a mistake of its own is a server too: what names it is right. */
function namesOf(servers: ServerList, { mcpServers }: ConfigInput): string[] {
  return [
    ...new Set([...servers.list().map(({ name }) => name), ...Object.keys(mcpServers ?? {})]),
  ];
}

/** What takes more than the schema: other files, or other parts of this one. */
interface Settled {
  readonly alerts: readonly UserAlert[];
  readonly alerting?: AlertingConfig;
  readonly token?: Secret;
  readonly alertToken?: Secret;
  readonly web?: WebConfig;
  readonly authentication?: AuthenticationConfig;
}

/** @param written nothing for a client's file, which has none of our keys */
function settleConfig(
  written: ConfigInput | undefined,
  { token, alertToken, authentication, web, alerts, alerting }: Settled,
  servers: ServerList,
  context: LoadContext,
): Config {
  const { path, home } = context;
  const input = written ?? {};
  const { log, probe, audit, metrics } = input;
  const otlp = settleOtlpLogs(log?.otlp, context);
  return {
    listen: parseListen(input.listen ?? CONFIG_DEFAULTS.listen),
    gateway: settleEdge(input.gateway ?? {}, authentication),
    servers: servers.list(),
    probe: {
      concurrency: probe?.concurrency ?? CONFIG_DEFAULTS.concurrency,
      allowUrlTargets: probe?.allowUrlTargets ?? false,
    },
    admin: token === undefined ? {} : { token },
    log: {
      level: log?.level ?? CONFIG_DEFAULTS.logLevel,
      format: log?.format ?? CONFIG_DEFAULTS.logFormat,
      access: log?.access ?? CONFIG_DEFAULTS.logAccess,
      ...(log?.file === undefined
        ? {}
        : {
            file: {
              path: resolvePath(log.file.path, dirname(path), home),
              maxBytes: log.file.maxSize ?? parseSize(CONFIG_DEFAULTS.logFileMaxSize) ?? 0,
              maxFiles: log.file.maxFiles ?? CONFIG_DEFAULTS.logFileMaxFiles,
            },
          }),
      ...(otlp ? { otlp } : {}),
    },
    audit: {
      arguments: audit?.arguments ?? TELEMETRY_DEFAULTS.auditArguments,
      redactKeys: audit?.redactKeys ?? TELEMETRY_DEFAULTS.redactKeys,
    },
    metrics: {
      toolHistogram: metrics?.toolHistogram ?? TELEMETRY_DEFAULTS.toolHistogram,
      otelHistograms: metrics?.otelHistograms ?? TELEMETRY_DEFAULTS.otelHistograms,
    },
    tracing: settleTracing(input.tracing ?? {}),
    alerts,
    alertRulesFile: resolvePath(
      input.alertRulesFile ?? ALERT_DEFAULTS.rulesFile,
      dirname(path),
      home,
    ),
    ...(alerting ? { alerting } : {}),
    journal: settleJournal(input.journal, context, written === undefined),
    alertWebhook: alertToken === undefined ? {} : { token: alertToken },
    ...(web ? { web } : {}),
    atStart: restartValues(input, {
      'admin.tokenFile': token,
      'alertWebhook.tokenFile': alertToken,
    }),
  };
}

function settleEdge(
  input: GatewayInput,
  authentication: AuthenticationConfig | undefined,
): GatewayConfig {
  const listen = gatewayListen(input);
  const { rateLimit } = input;
  const requests = rateLimit?.requests ?? GATEWAY_DEFAULTS.rateLimit.requests;
  return {
    ...(listen ? { listen } : {}),
    allowedHosts: (input.allowedHosts ?? []).map((host) => host.toLowerCase()),
    allowedOrigins: (input.allowedOrigins ?? []).map((origin) => origin.toLowerCase()),
    bodyBytesMax: input.bodyLimit ?? parseSize(GATEWAY_DEFAULTS.bodyLimit) ?? 0,
    sessionIdleMs: input.sessionIdle ?? parseDuration(GATEWAY_DEFAULTS.sessionIdle) ?? 0,
    ...(authentication ? { authentication } : {}),
    ...(rateLimit
      ? {
          rateLimit: {
            requests,
            perMs: rateLimit.per ?? parseDuration(GATEWAY_DEFAULTS.rateLimit.per) ?? 0,
            burst: rateLimit.burst ?? requests,
          },
        }
      : {}),
  };
}

function listenersOf({ listen, gateway }: ConfigInput): ListenAddress[] {
  const own = gatewayListen(gateway ?? {});
  return [parseListen(listen ?? CONFIG_DEFAULTS.listen), ...(own ? [own] : [])];
}

function checkListeners(input: ConfigInput, source: SourceFile, { problems }: LoadContext): void {
  const [listen, gateway] = listenersOf(input);
  if (!listen || !gateway || !collides(listen, gateway)) return;
  const key = input.gateway?.listen === undefined ? ['listen'] : ['gateway', 'listen'];
  const message = `the gateway and the metrics need ports of their own, and both have ${gateway.port}`;
  problems.push(problemAt(source, key, message));
}

async function readWebConfig(
  { webConfigFile }: ConfigInput,
  source: SourceFile,
  context: LoadContext,
): Promise<WebConfig | undefined> {
  if (webConfigFile === undefined) return undefined;
  const path = resolvePath(webConfigFile, dirname(context.path), context.home);
  const report = (message: string): void => {
    context.problems.push(problemAt(source, ['webConfigFile'], message));
  };
  return loadWebConfig(path, report, context);
}

async function readToken(
  key: 'admin' | 'alertWebhook',
  input: ConfigInput,
  source: SourceFile,
  context: LoadContext,
): Promise<Secret | undefined> {
  const file = input[key]?.tokenFile;
  if (file === undefined) return undefined;
  const result = await context.readText(resolvePath(file, dirname(context.path), context.home));
  const token = result.ok ? result.text.trim() : '';
  if (token !== '') return new Secret(token);
  context.problems.push(
    problemAt(
      source,
      [key, 'tokenFile'],
      result.ok ? 'the file is empty' : `the file ${result.reason}`,
    ),
  );
  return undefined;
}

/** The main file first, then as the imports were read; inside of a file from top to bottom. */
function sortProblems(problems: readonly Problem[], path: string): Problem[] {
  const order = [...new Set([path, ...problems.map(({ file }) => file)])];
  return problems.toSorted(
    (a, b) =>
      order.indexOf(a.file) - order.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const item of Object.values(value)) freeze(item);
  return value;
}
