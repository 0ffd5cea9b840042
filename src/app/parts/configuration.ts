import type { ReloadResult } from '../../facts/ports/commands.ts';
import type { ConfigStatus, ConfigViews } from '../../facts/ports/views.ts';
import type { Config } from '../../settings/config.ts';
import type { LoadConfigResult } from '../../settings/load-config.ts';
import { formatProblems } from '../../settings/source-file.ts';
import { findRestartChanges } from '../../settings/config-schema.ts';
import {
  type ConfigReloaderOptions,
  createConfigReloader,
  type ReloadTrigger,
} from '../create-config-reloader.ts';
import type { Part, PartContext } from '../part.ts';

export interface ConfigurationPart extends Part, ConfigViews {
  /** Reads the files again, and applies them if they are valid. */
  reloadFiles(trigger: ReloadTrigger): Promise<ReloadResult>;
  /** In effect. */
  current(): Config;
  /** Whether the first configuration was applied. */
  isReady(): boolean;
  /** Files to watch. */
  files(): readonly string[];
}

/**
 * Applies the first configuration when it starts, and each later one.
 * @param apply applies a configuration to all parts; resolves with what could not be applied
 */
export function createConfigurationPart(
  context: PartContext,
  first: LoadConfigResult,
  apply: (config: Config) => Promise<string | undefined>,
): ConfigurationPart {
  const { clock, hub, config, readConfig } = context;
  let status: ConfigStatus = { lastReloadSuccessful: true, message: '' };
  let unused: LoadConfigResult | undefined = first;

  async function load(): Promise<LoadConfigResult> {
    // The files were read before the start.
    const read = unused;
    unused = undefined;
    return read ?? readConfig();
  }

  const onLoaded: ConfigReloaderOptions['onLoaded'] = async (result, trigger) => {
    warn(result, context);
    const { alerts } = result.config;
    const problem = await apply(result.config);
    const atMs = clock.nowMs();
    status = {
      lastReloadSuccessful: problem === undefined,
      lastReloadAtMs: atMs,
      message: problem ?? countServers(result.config),
    };
    const alertNames = alerts.map(({ name }) => name);
    hub.publish({ fact: 'reload', atMs, ok: true, detail: trigger, alertNames });
  };

  const onFailed: ConfigReloaderOptions['onFailed'] = ({ problems }) => {
    const detail = formatProblems(problems);
    status = { ...status, lastReloadSuccessful: false, message: detail };
    hub.publish({ fact: 'reload', atMs: clock.nowMs(), ok: false, detail });
  };

  const reloader = createConfigReloader({ load, onLoaded, onFailed });
  return {
    name: 'configuration',
    async start() {
      await reloader.reload('start');
    },
    async reloadFiles(trigger) {
      const result = await reloader.reload(trigger);
      return result.ok
        ? { ok: true, detail: countServers(result.config) }
        : { ok: false, detail: formatProblems(result.problems) };
    },
    status: () => status,
    current: () => reloader.current() ?? config,
    isReady: () => reloader.current() !== undefined,
    files: () => reloader.files(),
  };
}

/** Reports what is suspicious in a valid configuration, and what of it takes effect at the next start only. */
function warn(
  { warnings, config }: Extract<LoadConfigResult, { ok: true }>,
  { config: atStart, log }: PartContext,
): void {
  for (const warning of warnings)
    log.warn({ channel: 'health', detail: formatProblems([warning]) }, 'configuration warning');
  for (const key of findRestartChanges(atStart, config))
    log.warn({ channel: 'health', key }, 'a changed setting takes effect at the next start');
}

function countServers({ servers }: Config): string {
  return `${servers.length} servers`;
}
