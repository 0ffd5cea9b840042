import type { Clock, Timer } from '../../facts/ports/clock.ts';
import type { Log } from '../../facts/ports/log.ts';
import type { Alertmanager } from './alertmanager.ts';
import { planSilences, type SilenceCircumstances, type WantedSilence } from './plan-silences.ts';

/** Keeps the silences of Alertmanager as they are wanted here, also after one of the two was away. */
export interface Silencer {
  /** What is wanted may have changed. */
  refresh(): void;
  stop(): void;
}

export interface SilencerOptions extends Pick<SilenceCircumstances, 'targetLabels' | 'marginMs'> {
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly alertmanager: Pick<Alertmanager, 'findSilences' | 'saveSilence' | 'expireSilence'>;
  /** The configured ones. */
  readonly servers: () => ReadonlySet<string>;
  readonly wanted: () => readonly WantedSilence[];
}

/** Silences are renewed then, and replaced if Alertmanager lost them. */
const REFRESH_MS = 5 * 60_000;
const RETRY_MS = 15_000;

export function createSilencer(options: SilencerOptions): Silencer {
  const { clock, log, alertmanager, wanted } = options;
  let timer: Timer | undefined;
  let isRunning = false;
  let isRefreshDue = false;
  let isFailing = false;
  let isStopped = false;

  async function apply(): Promise<void> {
    const present = await alertmanager.findSilences('component', 'mcp');
    const plan = planSilences(wanted(), present, {
      ...options,
      servers: options.servers(),
      nowMs: clock.nowMs(),
    });
    for (const { silence, id } of plan.save) await alertmanager.saveSilence(silence, id);
    for (const id of plan.expire) await alertmanager.expireSilence(id);
  }

  async function attempt(): Promise<void> {
    try {
      await apply();
      if (isFailing)
        log.info({ channel: 'health' }, 'silences are up to date in Alertmanager again');
      isFailing = false;
    } catch (err) {
      if (!isFailing)
        log.warn({ channel: 'error', err }, 'silences cannot be set in Alertmanager now');
      isFailing = true;
    }
  }

  async function run(): Promise<void> {
    if (isStopped) return;
    timer?.cancel();
    isRefreshDue = isRunning;
    if (isRunning) return;
    isRunning = true;
    await attempt();
    isRunning = false;
    if (isRefreshDue) void run();
    else if (!isStopped) timer = clock.after(isFailing ? RETRY_MS : REFRESH_MS, () => void run());
  }

  return {
    refresh: () => void run(),
    stop() {
      isStopped = true;
      timer?.cancel();
    },
  };
}
