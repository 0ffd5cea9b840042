import { createSystemClock } from './system-clock.ts';
import type { ListenAddress } from '../facts/service-settings.ts';
import type { Config, LogLevel } from '../settings/config.ts';
import { createProbeSource } from './create-probe-source.ts';
import { createConfigReloader, type ReloadTrigger } from './create-config-reloader.ts';
import { findConfig } from '../settings/files.ts';
import { loadConfig, type LoadConfigResult } from '../settings/load-config.ts';
import { formatYaml } from '../settings/yaml.ts';
import { formatProblems } from '../settings/problem.ts';
import { findRestartChanges } from '../settings/restart-keys.ts';
import { watchConfig } from './watch-config.ts';
import { textFiles } from './text-files.ts';
import type { Gateway } from '../sources/gateway/create-gateway.ts';
import { createEdge, type EdgeSettings } from '../sources/gateway/edge.ts';
import { createHttpApp } from '../sinks/web/create-http-app.ts';
import { explainListenFailure, listen } from '../sinks/web/listen.ts';
import type { ConfigStatus } from '../facts/ports/views.ts';
import { createConnector } from '../sources/probe/connection/connector.ts';
import { createLog, type LogOutput } from '../sinks/log/create-log.ts';
import { logCalls } from '../sinks/log/log-calls.ts';
import { logFacts } from '../sinks/log/log-facts.ts';
import { createMetrics } from '../sinks/prometheus/metrics.ts';
import { startTracing } from '../sinks/otel/start-tracing.ts';
import { createUserRules } from '../sinks/alerting/user-rules.ts';
import { createAlertHistory } from '../sources/alerts/alert-history.ts';
import { createServerSwitch } from '../sources/control/server-switch.ts';
import { composeGateway } from './compose-gateway.ts';
import { composeLogShipping } from './compose-log-shipping.ts';
import { composeJournal, journalUsageOf } from './compose-journal.ts';
import { DEMO_CONFIG_PATH, DEMO_SERVER, demoConfig } from '../demo/demo-config.ts';
import { startDemoTraffic } from '../demo/demo-traffic.ts';
import { createWebSecurity } from '../sinks/web/security/create-web-security.ts';
import { isLoopbackHost } from '../facts/rules/loopback.ts';
import { describeDisabling } from '../facts/disabling.ts';
import { createHub } from '../facts/hub.ts';
import { METRICS_PAGE } from '../catalog/catalog.ts';
import { createChildChannels } from '../protocol/stdio/child-messages.ts';
import { createProber } from '../sources/probe/prober.ts';
import { VERSION } from './version.ts';

export interface AppOptions {
  /** Without it the configuration of the working directory, or else the demonstration. */
  readonly configPath?: string | undefined;
  /** Wins over `listen` of the configuration. */
  readonly listen?: { readonly host: string; readonly port: number } | undefined;
  /** Wins over `log.level` of the configuration. */
  readonly logLevel?: LogLevel | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly output: LogOutput;
  /** One line for the operator, past the log. */
  readonly report: (line: string) => void;
}

export type AppStart =
  | { readonly ok: true; readonly addresses: AppAddresses }
  /** What an operator can mend, in one or more lines. */
  | { readonly ok: false; readonly message: string };

export interface AppAddresses {
  /** Base URL of the metrics, the pages and the API. */
  readonly http: string;
  /** Base URL of the gateway; nothing where it is off. */
  readonly gateway?: string;
  /** File in effect; nothing for the demonstration. */
  readonly config?: string;
  readonly servers: number;
}

export interface App {
  start(): Promise<AppStart>;
  reload(trigger: ReloadTrigger): Promise<{ readonly ok: boolean; readonly detail: string }>;
  /** Writes down what nothing caught, before the process ends because of it. */
  crash(error: unknown): void;
  /** For the last moment of the process: synchronous, at once. */
  killChildren(): void;
  /** Ends everything in the reverse order of its start: children, sessions, sockets, timers. */
  stop(): Promise<void>;
}

/** Calls in flight get this long to end when the service stops. */
const DRAIN_MS = 5_000;

/** Builds every object of the service once and connects them: sources → hub → sinks. */
export function createApp(options: AppOptions): App {
  const clock = createSystemClock();
  const stopping = new AbortController();
  const ends: (() => void | Promise<void>)[] = [];

  async function start(): Promise<AppStart> {
    const configPath = options.configPath ?? (await findConfig());
    const first = await readConfig(configPath);
    if (!first.ok) return { ok: false, message: formatProblems(first.problems) };
    const { config } = first;
    const log = createLog({
      ...config.log,
      level: options.logLevel ?? config.log.level,
      output: options.output,
      report: options.report,
      clock,
    });
    ends.push(() => log.close());
    let logExportFailures = 0;
    const shipping = await composeLogShipping(config, {
      version: VERSION,
      clock,
      log,
      onExportFailure: () => logExportFailures++,
    });
    ends.push(() => shipping.stop());
    crash = (err) => log.fatal({ channel: 'error', err }, 'crashed');
    const hub = createHub((err) => log.error({ channel: 'error', err }, 'a sink failed'));
    const connector = createConnector({
      clientName: 'mcp-exporter',
      clientVersion: VERSION,
      clock,
    });
    const journal = composeJournal(configPath, config, { clock, log });
    const alerts = createAlertHistory({ clock, store: journal, publish: hub.publish });
    const switches = createServerSwitch({
      clock,
      store: journal,
      log,
      noteAction: (action) => alerts.noteAction(action),
      onChange(server) {
        prober.reconsider(server);
        if (switches.find(server)) gateway.close(server);
      },
    });
    const prober = createProber({
      connector,
      clock,
      random: Math.random,
      hub,
      concurrency: config.probe.concurrency,
      whyDisabled(server) {
        const disabling = switches.find(server);
        return disabling && describeDisabling(disabling);
      },
    });
    let exportFailures = 0;
    const metrics = createMetrics({
      hub,
      clock,
      version: VERSION,
      views: {
        servers: prober,
        gateway: { load: () => gateway.load() },
        alerts,
        journal: { usage: () => journalUsageOf(journal) },
        log: { dropped: () => log.dropped() + shipping.dropped() },
        traceExports: { failures: () => exportFailures },
        logExports: { failures: () => logExportFailures },
      },
      gateway: config.gateway.listen !== undefined,
      toolHistogram: config.metrics.toolHistogram,
      otelHistograms: config.metrics.otelHistograms,
    });
    const tracing = await startTracing({
      hub,
      config: config.tracing,
      version: VERSION,
      clock,
      random: Math.random,
      log,
      onExportFailure: () => exportFailures++,
    });
    ends.push(
      () => metrics.stop(),
      () => tracing.stop(),
      logFacts(hub, log),
      logCalls(hub, log, { access: config.log.access, audit: true, clock }),
    );
    // Before the first check, and closed after the last.
    await journal.start();
    ends.push(() => journal.close(), journal.record(hub));
    const children = createChildChannels(clock, {
      onLost: (server, bytesMax) =>
        log.warn(
          { channel: 'health', server, bytesMax },
          'message of a server is too long, and lost',
        ),
    });
    killChildren = () => {
      connector.killChildren();
      children.killChildren();
    };
    const web = createWebSecurity(config.web, clock);
    ends.push(() => web.stop());
    const edge = createEdge({ clock, hub, log, settings: edgeSettingsOf(config, web.isTls) });
    const gateway = composeGateway({
      config: () => config,
      clock,
      hub,
      edge,
      createServer: web.createServer,
      children,
      identityOf: (server) => prober.detail(server)?.identity,
      sampleTrace: () => tracing.sample(),
      isDisabled: (server) => switches.find(server) !== undefined,
    });
    await switches.restore();
    ends.push(() => switches.stop());

    const rules = createUserRules({ catalog: METRICS_PAGE, files: textFiles, format: formatYaml });
    let status: ConfigStatus = { lastReloadSuccessful: true, message: '' };
    let unused: LoadConfigResult | undefined = first;
    const reloader = createConfigReloader({
      load() {
        // At the start the files were read already.
        const read = unused;
        unused = undefined;
        return read ? Promise.resolve(read) : readConfig(configPath);
      },
      async onLoaded(result, trigger) {
        for (const warning of result.warnings)
          log.warn(
            { channel: 'health', detail: formatProblems([warning]) },
            'configuration warning',
          );
        const waiting = findRestartChanges(config, result.config);
        prober.apply(result.config.servers);
        switches.retain(result.config.servers.map(({ name }) => name));
        for (const key of [...waiting, ...web.apply(result.config.web)])
          log.warn({ channel: 'health', key }, 'a changed setting takes effect at the next start');
        const served = atListener(result.config, config.gateway.listen);
        edge.apply(edgeSettingsOf(served, web.isTls), served.servers);
        gateway.apply(served.servers);
        // The servers are watched whatever becomes of the rule file; whoever waits for its alerts must hear of it.
        const problem = await rules.update(result.config.alerts, result.config.alertRulesFile);
        const atMs = clock.nowMs();
        const alertNames = result.config.alerts.map(({ name }) => name);
        status = {
          lastReloadSuccessful: problem === undefined,
          lastReloadAtMs: atMs,
          message: problem ?? `${result.config.servers.length} servers`,
        };
        if (problem !== undefined)
          log.error({ channel: 'error', detail: problem }, 'alert rules not written');
        hub.publish({ fact: 'reload', atMs, ok: true, detail: trigger, alertNames });
      },
      onFailed(result) {
        const detail = formatProblems(result.problems);
        status = { ...status, lastReloadSuccessful: false, message: detail };
        hub.publish({ fact: 'reload', atMs: clock.nowMs(), ok: false, detail });
      },
    });
    reload = async (trigger) => {
      const result = await reloader.reload(trigger);
      return result.ok
        ? { ok: true, detail: `${result.config.servers.length} servers` }
        : { ok: false, detail: formatProblems(result.problems) };
    };

    const address = options.listen ?? config.listen;
    const app = createHttpApp({
      version: VERSION,
      listenHost: address.host,
      ...(config.admin.token ? { adminToken: config.admin.token } : {}),
      web,
      clock,
      log,
      hub,
      ...(config.alertWebhook.token ? { alertToken: config.alertWebhook.token } : {}),
      servers: prober,
      alerts,
      switches,
      journal,
      metrics,
      config: { status: () => status, reload: () => reload('request') },
      probe: createProbeSource(clock, () => reloader.current() ?? config),
      isReady: () => reloader.current() !== undefined,
      stopping: stopping.signal,
    });
    const listener = await listen(app, { ...address, createServer: web.createServer });
    if (!listener.ok) return { ok: false, message: listener.message };
    ends.push(
      () => listener.close(),
      () => prober.stop(),
      () => gateway.stop(DRAIN_MS),
    );

    await reloader.reload('start');
    const gatewayAddress = config.gateway.listen;
    let gatewayUrl: string | undefined;
    if (gatewayAddress) {
      const { host } = gatewayAddress;
      try {
        const { port } = await openGateway(gateway, gatewayAddress, configPath === undefined);
        gatewayUrl = urlOf({ host, port }, web.isTls);
      } catch (error) {
        const { message } = explainListenFailure(error, gatewayAddress, 'gateway.listen');
        return { ok: false, message };
      }
    }
    if (configPath !== undefined) {
      const watch = watchConfig({
        files: () => reloader.files(),
        clock,
        onChange: () => void reload('file'),
      });
      ends.push(() => watch.stop());
    }
    const http = urlOf(listener, web.isTls);
    if (configPath === undefined && gatewayUrl !== undefined) {
      const stop = startDemoTraffic({
        url: `${gatewayUrl}/${DEMO_SERVER}/mcp`,
        clock,
        version: VERSION,
        onError: (err) => log.debug({ channel: 'health', err }, 'demonstration traffic failed'),
      });
      ends.push(stop);
    }
    log.info(
      {
        channel: 'health',
        version: VERSION,
        http,
        ...(gatewayUrl ? { gateway: gatewayUrl } : {}),
        config: configPath ?? DEMO_CONFIG_PATH,
        servers: config.servers.length,
      },
      'started',
    );
    ends.push(() => log.info({ channel: 'health' }, 'stopping'));
    return {
      ok: true,
      addresses: {
        http,
        ...(gatewayUrl ? { gateway: gatewayUrl } : {}),
        servers: config.servers.length,
        ...(configPath === undefined ? {} : { config: configPath }),
      },
    };
  }

  function readConfig(path: string | undefined): Promise<LoadConfigResult> {
    if (path !== undefined) return loadConfig({ path, env: options.env });
    return loadConfig({
      path: DEMO_CONFIG_PATH,
      env: options.env,
      readText: async () => ({ ok: true, text: demoConfig() }),
    });
  }

  let crash: App['crash'] = (error) =>
    options.report(error instanceof Error ? (error.stack ?? error.message) : String(error));
  let killChildren = (): void => undefined;
  let reload: App['reload'] = async () => ({ ok: false, detail: 'not started' });

  return {
    start,
    reload: (trigger) => reload(trigger),
    crash: (error) => crash(error),
    killChildren: () => killChildren(),
    async stop() {
      stopping.abort();
      // One part that fails to end must not keep the others.
      for (const end of ends.splice(0).toReversed()) {
        await Promise.resolve()
          .then(end)
          .catch((error: unknown) => options.report(`could not end everything: ${String(error)}`));
      }
    },
  };
}

/**
 * A reload does not move the gateway: what follows from where it listens must follow from where it does listen.
 * Headers of the configuration, for one, must not be sent for everybody because a file now says loopback.
 */
function atListener(config: Config, listen: ListenAddress | undefined): Config {
  const { listen: written, ...gateway } = config.gateway;
  if (!listen || (written?.host === listen.host && written.port === listen.port)) return config;
  const isSafe = isLoopbackHost(listen.host) || gateway.authentication !== undefined;
  return {
    ...config,
    gateway: { ...gateway, listen },
    servers: isSafe
      ? config.servers
      : config.servers.map((server) => ({
          ...server,
          gateway: { ...server.gateway, injectHeaders: false },
        })),
  };
}

/** The demonstration does not fail because of a port that nobody asked for. */
async function openGateway(
  gateway: Gateway,
  { host, port }: ListenAddress,
  isDemonstration: boolean,
): Promise<{ readonly port: number }> {
  try {
    return await gateway.listen(host, port);
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    if (!isDemonstration || !isTaken) throw error;
    return gateway.listen(host, 0);
  }
}

function edgeSettingsOf({ gateway }: Config, isTls: boolean): EdgeSettings {
  const { allowedHosts, allowedOrigins, authentication, rateLimit } = gateway;
  return {
    listenHost: gateway.listen?.host ?? '',
    isTls,
    allowedHosts,
    allowedOrigins,
    ...(authentication ? { authentication } : {}),
    ...(rateLimit ? { rateLimit } : {}),
  };
}

function urlOf({ host, port }: ListenAddress, isTls: boolean): string {
  return `${isTls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
