import { createHub } from '../facts/hub.ts';
import { createFactMask } from '../facts/mask-facts.ts';
import type { ReloadResult } from '../facts/ports/commands.ts';
import type { Log } from '../facts/ports/log.ts';
import { createTokenSources, tokenSecretsOf } from '../protocol/oauth/token-sources.ts';
import type { ExportViews, LogViews } from '../facts/ports/views.ts';
import type { LoadConfigResult } from '../settings/load-config.ts';
import type { MetricsViews } from '../sinks/prometheus/read-views.ts';
import type { ServiceLog } from '../sinks/log/create-log.ts';
import { createAlertHistory } from '../sources/alerts/alert-history.ts';
import type { ReloadTrigger } from './create-config-reloader.ts';
import { createMarkers } from './create-markers.ts';
import { createRestart } from './create-restart.ts';
import { createLifeCycle, type LifeCycle } from './life-cycle.ts';
import type { Part, PartContext, RemoteApis } from './part.ts';
import { createAnnouncementPart } from './parts/announcement.ts';
import { createConfigWatchPart } from './parts/config-watch.ts';
import { createConfigurationPart } from './parts/configuration.ts';
import { createControlPart } from './parts/control.ts';
import { createDemoTrafficPart } from './parts/demo-traffic.ts';
import { createGatewayListenerPart } from './parts/gateway-listener.ts';
import { createGatewayPart } from './parts/gateway.ts';
import { createJournalPart } from './parts/journal.ts';
import { createLogLinesPart } from './parts/log-lines.ts';
import { createLogPart } from './parts/log.ts';
import { createLogShippingPart, type LogShippingPart } from './parts/log-shipping.ts';
import { createMetricsPart } from './parts/metrics.ts';
import { createProbePart } from './parts/probe.ts';
import { createRemoteApisPart } from './parts/remote-apis.ts';
import { createSilencesPart } from './parts/silences.ts';
import { createUserRulesPart } from './parts/user-rules.ts';
import { createTracingPart } from './parts/tracing.ts';
import { createWebSecurityPart } from './parts/web-security.ts';
import { createWebPart } from './parts/web.ts';
import { VERSION } from './version.ts';

export interface Service extends LifeCycle {
  readonly log: Pick<Log, 'fatal'>;
  reloadFiles(trigger: ReloadTrigger): Promise<ReloadResult>;
  urls(): { readonly http: string; readonly gateway: string | undefined };
}

type GivenContext = Omit<PartContext, 'log' | 'hub' | 'tokens' | 'apis'>;

/** Builds every part of the service once and connects them: sources → hub → sinks. */
export function createService(given: GivenContext, first: LoadConfigResult): Service {
  const logPart = createLogPart(given);
  const { log } = logPart;
  const remote = createRemoteApisPart(given);
  const context = createContext(given, log, remote.apis);
  const { hub } = context;

  const shipping = createLogShippingPart(context);
  const journalPart = createJournalPart(context);
  const { journal } = journalPart;
  const alerts = createAlertHistory({ clock: given.clock, store: journal, publish: hub.publish });
  const control = createControlPart(context, journal, alerts);
  const { switches, maintenance } = control;
  const probe = createProbePart(context, switches);
  const { prober: servers } = probe;
  const tracing = createTracingPart(context);
  const webSecurity = createWebSecurityPart(context);
  const gateway = createGatewayPart(context, { ...webSecurity, switches, tracing, servers });
  const listener = createGatewayListenerPart(context, gateway.gateway, webSecurity.security);
  const views = { servers, gateway, alerts, maintenance, journal: journalPart };
  const metrics = createMetricsPart(context, views, lossesOf(log, shipping, tracing));
  const configuration = createConfigurationPart(context, first, (config) => parts.reload(config));
  const restarts = createRestart(servers, gateway.gateway);
  const actions = { switches, maintenance, restarts, markers: createMarkers(journal, hub.publish) };
  const pages = { servers, alerts, ...actions, journal, gateway, metrics: metrics.metrics };
  const web = createWebPart(context, webSecurity.security, { ...pages, configuration });

  const list: readonly Part[] = [
    logPart,
    shipping,
    remote,
    metrics,
    tracing,
    createLogLinesPart(context),
    // Opened before the first check, and closed after the last.
    journalPart,
    webSecurity,
    control,
    web,
    probe,
    gateway,
    createSilencesPart(context, control),
    createUserRulesPart(context),
    // Applies the first configuration to the parts above.
    configuration,
    listener,
    createConfigWatchPart(context, configuration),
    createDemoTrafficPart(context, listener),
    createAnnouncementPart(context, web, listener),
  ];
  const parts = createLifeCycle(list, given.report);
  return {
    ...parts,
    log,
    reloadFiles: configuration.reloadFiles,
    urls: () => ({ http: web.url(), gateway: listener.url() }),
  };
}

function createContext(given: GivenContext, log: ServiceLog, apis: RemoteApis): PartContext {
  const tokens = createTokenSources({ ...given, userAgent: `mcp-exporter/${VERSION}` });
  const hub = createHub(reportTo(log), createFactMask(tokenSecretsOf(tokens)));
  return { ...given, log, hub, tokens, apis };
}

function reportTo(log: Pick<Log, 'error'>): (error: unknown) => void {
  return (err) => log.error({ channel: 'error', err }, 'a listener failed');
}

/** What the outputs lost, for the metrics. */
function lossesOf(
  log: LogViews,
  shipping: LogShippingPart,
  tracing: ExportViews,
): Pick<MetricsViews, 'log' | 'logExports' | 'traceExports'> {
  return {
    log: { dropped: () => log.dropped() + shipping.dropped() },
    logExports: shipping,
    traceExports: tracing,
  };
}
