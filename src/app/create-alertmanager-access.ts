import type { AlertmanagerCommands } from '../facts/ports/commands.ts';
import { createHttpApi } from '../protocol/http/http-api.ts';
import { createAlertmanagerCommands } from '../sinks/alerting/alertmanager-commands.ts';
import { createAlertmanager } from '../sinks/alerting/alertmanager.ts';
import type { PartContext } from './part.ts';
import { VERSION } from './version.ts';

interface AlertmanagerAccess {
  readonly commands: AlertmanagerCommands;
  close(): Promise<void>;
}

/** What people ask of Alertmanager by pages and API; `undefined` without `alertmanager` in the configuration. */
export function createAlertmanagerAccess({
  config,
  clock,
}: Pick<PartContext, 'config' | 'clock'>): AlertmanagerAccess | undefined {
  if (!config.alertmanager) return undefined;
  const { api, targetLabels } = config.alertmanager;
  const http = createHttpApi(api, `mcp-exporter/${VERSION}`);
  const alertmanager = createAlertmanager(http);
  return {
    commands: createAlertmanagerCommands({ clock, alertmanager, targetLabels }),
    close: () => http.close(),
  };
}
