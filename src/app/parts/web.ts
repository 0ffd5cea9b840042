import { createHttpApi } from '../../protocol/http/http-api.ts';
import { createHttpApp } from '../../sinks/web/create-http-app.ts';
import { listen, type Listener } from '../../sinks/web/listen.ts';
import type { HttpAppDeps } from '../../sinks/web/ports.ts';
import type { WebSecurity } from '../../sinks/web/security/create-web-security.ts';
import type { Part, PartContext } from '../part.ts';
import { createAlertmanagerAccess } from '../create-alertmanager-access.ts';
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
  const { config, clock, log, hub, stopping, instance } = context;
  const { createServer } = security;
  const address = { ...(context.listen ?? config.listen), clock, log, createServer };
  const { admin, alertWebhook, markers, prometheus } = config;
  const api = prometheus && createHttpApi(prometheus.api, `mcp-exporter/${VERSION}`);
  const alertmanager = createAlertmanagerAccess(context);
  let listener: Listener | undefined;
  return {
    name: 'web',
    async start() {
      const app = createHttpApp({
        ...ports,
        ...(alertmanager && { alertmanager: alertmanager.commands }),
        version: VERSION,
        listenHost: address.host,
        instance,
        ...(admin.token && { adminToken: admin.token }),
        ...(admin.tokenFile !== undefined && { adminTokenFile: admin.tokenFile }),
        ...(alertWebhook.token && { alertToken: alertWebhook.token }),
        ...(markers.token && { markerToken: markers.token }),
        ...(prometheus && api && { prometheus: { api, targetLabels: prometheus.targetLabels } }),
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
      await api?.close();
      await alertmanager?.close();
    },
    url: () => printUrl(listener ?? address, security.isTls),
  };
}
