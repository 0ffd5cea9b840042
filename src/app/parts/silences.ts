import { describeDisabling } from '../../facts/disabling.ts';
import type { SwitchViews } from '../../facts/ports/views.ts';
import type { AlertmanagerSettings } from '../../facts/service-settings.ts';
import { createHttpApi } from '../../protocol/http/http-api.ts';
import { createAlertmanager } from '../../sinks/alerting/alertmanager.ts';
import type { WantedSilence } from '../../sinks/alerting/plan-silences.ts';
import { createSilencer } from '../../sinks/alerting/silencer.ts';
import type { Part, PartContext } from '../part.ts';
import { VERSION } from '../version.ts';

interface SilenceReasons {
  readonly switches: Pick<SwitchViews, 'find'>;
}

/** Silences in Alertmanager, as long as a server is disabled by somebody. */
export function createSilencesPart(context: PartContext, reasons: SilenceReasons): Part {
  const { alertmanager } = context.config;
  return alertmanager ? silencesOf(alertmanager, context, reasons) : { name: 'silences' };
}

function silencesOf(
  { api, targetLabels, silenceMarginMs }: AlertmanagerSettings,
  { clock, hub, log }: PartContext,
  reasons: SilenceReasons,
): Part {
  const http = createHttpApi(api, `mcp-exporter/${VERSION}`);
  let servers: ReadonlySet<string> = new Set();
  const silencer = createSilencer({
    clock,
    log,
    alertmanager: createAlertmanager(http),
    targetLabels,
    marginMs: silenceMarginMs,
    isConfigured: (server) => servers.has(server),
    wanted: () => [...servers].flatMap((server) => wantedFor(server, reasons) ?? []),
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
    async stop() {
      unsubscribe();
      silencer.stop();
      await http.close();
    },
  };
}

function wantedFor(server: string, { switches }: SilenceReasons): WantedSilence | undefined {
  const disabling = switches.find(server);
  // The alert of a server that was disabled automatically stays: it is still missed.
  if (!disabling || disabling.isAutomatic) return undefined;
  const { untilMs } = disabling;
  const comment = `${server}: ${describeDisabling(disabling)}`;
  return { server, comment, ...(untilMs !== undefined && { untilMs }) };
}
