import type {
  AlertViews,
  ExportViews,
  GatewayViews,
  JournalUsageViews,
  LogViews,
  MaintenanceViews,
  ServerViews,
} from '../../facts/ports/views.ts';
import type { Recorders } from './create-recorders.ts';
import type { SystemUsage } from './system-usage.ts';

/** What is read once per rendering; a view that is left out shows nothing. */
export interface MetricsViews {
  readonly servers?: Pick<ServerViews, 'processUsage' | 'views'>;
  readonly maintenance?: Pick<MaintenanceViews, 'findActive'>;
  readonly gateway?: GatewayViews;
  readonly alerts?: Pick<AlertViews, 'watchdogHeardAtMs'>;
  readonly journal?: JournalUsageViews;
  readonly log?: LogViews;
  readonly traceExports?: ExportViews;
  readonly logExports?: ExportViews;
}

/** Records what the views show now, except the load of the gateway, which `listPageSources` records. */
export function readViews(
  views: MetricsViews,
  systemUsage: SystemUsage,
  { fleet, self, alerts }: Recorders,
): void {
  const usages = new Map(
    (views.servers?.processUsage() ?? []).map(({ server, usage }) => [server, usage]),
  );
  const servers = new Map((views.servers?.views() ?? []).map((view) => [view.name, view]));
  for (const [name, { series }] of fleet.members()) {
    series.processUsage(usages.get(name));
    series.responseTime(servers.get(name)?.responseTimeMs);
    series.statusReason(servers.get(name)?.reasonCode);
    series.maintenance(views.maintenance?.findActive(name) !== undefined);
  }
  self.usage(systemUsage, {
    logLines: views.log?.dropped() ?? 0,
    traceExports: views.traceExports?.failures() ?? 0,
    logExports: views.logExports?.failures() ?? 0,
  });
  if (views.journal) alerts.journal(views.journal.usage());
  alerts.watchdog(views.alerts?.watchdogHeardAtMs());
}
