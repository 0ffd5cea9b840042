import { describeDisabling } from '../../facts/disabling.ts';
import { describeMaintenance } from '../../facts/maintenance.ts';
import type { MaintenanceViews, SwitchViews } from '../../facts/ports/views.ts';
import type { HttpApi } from '../../facts/ports/http-api.ts';
import type { AlertmanagerSettings } from '../../facts/service-settings.ts';
import { createAlertmanager } from '../../sinks/alerting/alertmanager.ts';
import type { WantedSilence } from '../../sinks/alerting/plan-silences.ts';
import { createSilencer } from '../../sinks/alerting/silencer.ts';
import type { Part, PartContext } from '../part.ts';

interface SilenceReasons {
  readonly switches: Pick<SwitchViews, 'find'>;
  readonly maintenance: Pick<MaintenanceViews, 'findActive' | 'windows'>;
}

/** Silences in Alertmanager, as long as a server is disabled by somebody or in maintenance. */
export function createSilencesPart(context: PartContext, reasons: SilenceReasons): Part {
  const { alertmanager } = context.config;
  const api = context.apis.alertmanager;
  if (!alertmanager || !api) return { name: 'silences' };
  return silencesOf(alertmanager, api, context, reasons);
}

function silencesOf(
  { targetLabels, silenceMarginMs }: AlertmanagerSettings,
  api: HttpApi,
  { clock, hub, log }: PartContext,
  reasons: SilenceReasons,
): Part {
  let servers: ReadonlySet<string> = new Set();
  const silencer = createSilencer({
    clock,
    log,
    alertmanager: createAlertmanager(api),
    targetLabels,
    marginMs: silenceMarginMs,
    servers: () => servers,
    wanted: () => findWanted(servers, reasons),
  });
  let unsubscribe = (): void => undefined;
  return {
    name: 'silences',
    start() {
      unsubscribe = hub.subscribe(({ fact }) => {
        if (fact === 'disabling' || fact === 'maintenance') silencer.refresh();
      });
    },
    reload(config) {
      servers = new Set(config.servers.map(({ name }) => name));
      silencer.refresh();
    },
    stop() {
      unsubscribe();
      silencer.stop();
    },
  };
}

function findWanted(
  servers: ReadonlySet<string>,
  reasons: SilenceReasons,
): readonly WantedSilence[] {
  const forAll = servers.size === 0 ? undefined : wantedForAll(reasons.maintenance);
  const each = [...servers].flatMap((server) => wantedFor(server, reasons, forAll) ?? []);
  return forAll ? [forAll, ...each] : each;
}

/** Of the windows for all servers that are active, the one that lasts longest. */
function wantedForAll({ windows }: Pick<MaintenanceViews, 'windows'>): WantedSilence | undefined {
  const active = windows().filter(({ window, isActive }) => isActive && !window.servers);
  const [last] = active.toSorted((a, b) => b.occurrence.endsAtMs - a.occurrence.endsAtMs);
  return (
    last && {
      comment: `all servers: ${describeMaintenance(last.window)}`,
      untilMs: last.occurrence.endsAtMs,
    }
  );
}

/** Of several reasons, the one that lasts longest. */
function wantedFor(
  server: string,
  { switches, maintenance }: SilenceReasons,
  forAll: WantedSilence | undefined,
): WantedSilence | undefined {
  const disabling = switches.find(server);
  const active = maintenance.findActive(server);
  const wanted: readonly (WantedSilence | false | undefined)[] = [
    // The alert of a server that was disabled automatically stays: it is still missed.
    disabling !== undefined &&
      !disabling.isAutomatic && {
        server,
        comment: `${server}: ${describeDisabling(disabling)}`,
        ...(disabling.untilMs !== undefined && { untilMs: disabling.untilMs }),
      },
    active &&
      active.untilMs > (forAll?.untilMs ?? 0) && {
        server,
        comment: `${server}: ${describeMaintenance(active)}`,
        untilMs: active.untilMs,
      },
  ];
  return wanted
    .flatMap((silence) => silence || [])
    .toSorted((a, b) => (b.untilMs ?? Infinity) - (a.untilMs ?? Infinity))[0];
}
