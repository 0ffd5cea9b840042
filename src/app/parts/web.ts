import type { AlertmanagerCommands } from '../../facts/ports/commands.ts';
import { createAlertmanagerCommands } from '../../sinks/alerting/alertmanager-commands.ts';
import { createAlertmanager } from '../../sinks/alerting/alertmanager.ts';
import { createHttpApp } from '../../sinks/web/create-http-app.ts';
import { listen, type Listener } from '../../sinks/web/listen.ts';
import type { HttpAppDeps, OutsideUrls } from '../../sinks/web/ports.ts';
import type { WebSecurity } from '../../sinks/web/security/create-web-security.ts';
import type { Part, PartContext } from '../part.ts';
import { createProbeSource } from '../create-probe-source.ts';
import { printUrl } from '../print-url.ts';
import { VERSION } from '../version.ts';
import type { ConfigurationPart } from './configuration.ts';

/** What the pages show and can do. */
interface WebPorts extends Pick<
  HttpAppDeps,
  | 'servers'
  | 'alerts'
  | 'switches'
  | 'maintenance'
  | 'restarts'
  | 'journal'
  | 'gateway'
  | 'markers'
  | 'metrics'
> {
  readonly configuration: ConfigurationPart;
}

export interface WebPart extends Part {
  /** Base URL, once it listens. */
  url(): string;
}

/** The listener of metrics, pages and API. */
export function createWebPart(
  context: PartContext,
  security: WebSecurity,
  { configuration, ...ports }: WebPorts,
): WebPart {
  const { config, clock, log, hub, stopping, instance, apis } = context;
  const { createServer } = security;
  const address = { ...(context.listen ?? config.listen), clock, log, createServer };
  const { admin, alertWebhook, markers, prometheus } = config;
  const alertmanager = commandsOf(context);
  let listener: Listener | undefined;
  return {
    name: 'web',
    async start() {
      const app = createHttpApp({
        ...ports,
        ...(alertmanager && { alertmanager }),
        version: VERSION,
        listenHost: address.host,
        instance,
        ...(admin.token && { adminToken: admin.token }),
        ...(admin.tokenFile !== undefined && { adminTokenFile: admin.tokenFile }),
        ...(alertWebhook.token && { alertToken: alertWebhook.token }),
        ...(markers.token && { markerToken: markers.token }),
        ...(prometheus &&
          apis.prometheus && {
            prometheus: { api: apis.prometheus, targetLabels: prometheus.targetLabels },
          }),
        outsideUrls: outsideUrlsOf(config),
        web: security,
        clock,
        log,
        hub,
        stopping,
        config: {
          status: configuration.status,
          reload: () => configuration.reloadFiles('request'),
        },
        probe: createProbeSource(context, configuration.current),
        isReady: configuration.isReady,
      });
      const result = await listen(app, address);
      if (!result.ok) return result.message;
      listener = result;
    },
    async stop() {
      await listener?.close();
    },
    url: () => printUrl(listener ?? address, security.isTls),
  };
}

/** What people ask of Alertmanager by pages and API. */
function commandsOf({
  config,
  clock,
  apis: { alertmanager: api },
}: PartContext): AlertmanagerCommands | undefined {
  if (!config.alertmanager || !api) return undefined;
  const { targetLabels } = config.alertmanager;
  return createAlertmanagerCommands({ clock, alertmanager: createAlertmanager(api), targetLabels });
}

function outsideUrlsOf({ alerting, tracing }: PartContext['config']): OutsideUrls {
  const { exporter, jaegerUrl } = tracing;
  return {
    ...(alerting && { grafana: alerting.grafanaUrl }),
    // Without an exporter there are no traces.
    ...(exporter !== 'none' && jaegerUrl !== undefined && { jaeger: jaegerUrl }),
  };
}
