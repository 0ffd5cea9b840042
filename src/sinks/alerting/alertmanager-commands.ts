import { TEST_ALERT, TEST_ID_LABEL } from '../../facts/alert-event.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { AlertmanagerCommands, SilenceOrder } from '../../facts/ports/commands.ts';
import { later } from '../../facts/time.ts';
import type { Alertmanager, Matcher } from './alertmanager.ts';

export interface AlertmanagerCommandsOptions {
  readonly clock: Clock;
  readonly alertmanager: Alertmanager;
  /** Labels that Prometheus adds to the metrics of this exporter. */
  readonly targetLabels: Readonly<Record<string, string>>;
}

/** Longer than any usual `group_wait`: an alert that is resolved before it is over is never sent. */
const TEST_ALERT_MS = 2 * 60_000;

/** Silences and test alerts on request. */
export function createAlertmanagerCommands({
  clock,
  alertmanager,
  targetLabels,
}: AlertmanagerCommandsOptions): AlertmanagerCommands {
  return {
    async silenceAlert({ labels, untilMs: endsAtMs, by: createdBy, comment }) {
      const matchers = matchersOf(labels);
      const startsAtMs = clock.nowMs();
      await alertmanager.saveSilence({ matchers, startsAtMs, endsAtMs, createdBy, comment });
    },
    async endSilences(labels) {
      const [label] = Object.entries(labels);
      if (!label) return;
      const wanted = keyOf(matchersOf(labels));
      const found = await alertmanager.findSilences(...label);
      const same = found.filter(({ matchers }) => keyOf(matchers) === wanted);
      for (const { id } of same) await alertmanager.expireSilence(id);
    },
    async sendTestAlert({ id, severity, by }) {
      const startsAtMs = clock.nowMs();
      const endsAtMs = later(startsAtMs, TEST_ALERT_MS);
      const labels = { alertname: TEST_ALERT, severity, component: 'mcp', [TEST_ID_LABEL]: id };
      const annotations = {
        summary: 'Test alert',
        description: `${by} sent this test alert to see where alerts go. Nothing is wrong; it is resolved by itself.`,
      };
      await alertmanager.saveAlert({
        labels: { ...targetLabels, ...labels },
        annotations,
        startsAtMs,
        endsAtMs,
      });
      const routed = await alertmanager.findAlert(TEST_ID_LABEL, id);
      if (!routed) throw new Error('Alertmanager took the alert but does not list it');
      return { ...routed, endsAtMs };
    },
  };
}

function matchersOf(labels: SilenceOrder['labels']): readonly Matcher[] {
  return Object.entries(labels).map(([name, value]) => ({
    name,
    value,
    isRegex: false,
    isEqual: true,
  }));
}

/** The same for the same matchers in any order. */
function keyOf(matchers: readonly Matcher[]): string {
  return matchers
    .map(({ name, value, isRegex, isEqual }) => JSON.stringify([name, value, isRegex, isEqual]))
    .toSorted()
    .join();
}
