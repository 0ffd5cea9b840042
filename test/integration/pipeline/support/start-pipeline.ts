import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { renderAlertmanagerText } from '../../../../src/cli/render.ts';
import { alertingOf } from '../../../rules/support/alerting.ts';
import { type Mail, startMailSink } from '../../../rules/support/start-mail-sink.ts';
import { startRequestSink, type SunkRequest } from '../../../rules/support/start-request-sink.ts';
import { freePort } from '../../support/free-port.ts';
import { type Service, startService } from '../../support/start-service.ts';
import { until } from '../../support/until.ts';
import { type Program, startProgram } from './start-program.ts';
import { lapse } from './time-lapse.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
/** What the shipped files say: scrape and evaluation each 15 s. */
const SHIPPED_INTERVAL_S = 15;
/** Longer than `group_wait` of any alert. */
const WAIT_S_MAX = 30;
const LOOK_EVERY_MS = 250;

/** What a machine that is busy with something else makes fire; these are proven with promtool. */
const BUSY =
  /^(HighCPUUsage|HighMemoryUsage|McpExporterCpuHigh|McpResponseTime\w+|SlowResponses|HighRequestLatency)$/;
/** While the exporter runs, only such a machine can keep Prometheus from reaching it. */
const STARVED = /^(McpExporterAbsent|McpGatewayDown|McpTargetDown)$/;

/** What Alertmanager posts, version 4. */
export interface Notification {
  readonly status: 'firing' | 'resolved';
  readonly receiver: string;
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly alerts: readonly {
    readonly status: 'firing' | 'resolved';
    readonly labels: Readonly<Record<string, string>>;
    readonly startsAt: string;
  }[];
  readonly receivedAtMs: number;
}

export interface Pipeline {
  readonly service: Service;
  /** Base URL of the gateway. */
  readonly gatewayUrl: string;
  /** What arrived so far, oldest first, without what is about the machine. */
  mails(): readonly Mail[];
  /** Of these, what is said in the night too. */
  pages(): readonly Mail[];
  /** The same, as the webhook got it. */
  pageNotifications(): readonly Notification[];
  /** Values of an instant query by this label. */
  query(expression: string, label?: string): Promise<Map<string, number>>;
  /** Names of alerts in Prometheus, muted or not, without those either; pending are those that `for` holds back. */
  alerts(matchers: string): Promise<string[]>;
  /**
   * Until every alert was evaluated for this much longer, and what it found has had its time to arrive: for what must not
   * be heard. A busy machine only makes it last.
   * @param shippedS with the shipped intervals; shorter as they are
   */
  outlast(shippedS: number): Promise<void>;
  readonly alertmanager: Program;
}

export interface PipelineOptions {
  /** URL of each server by its name. */
  readonly servers: Readonly<Record<string, string>>;
  /** Of checks, scrapes and evaluations. Other times keep the proportion that they are shipped with. */
  readonly intervalS: number;
  /** By how much Alertmanager waits longer than in proportion; default: 1. */
  readonly patience?: number;
}

/** Service, Prometheus, Alertmanager and the sinks, each a real one, with the shipped files; all end with the test. */
export async function startPipeline(options: PipelineOptions): Promise<Pipeline> {
  const { servers, intervalS, patience = 1 } = options;
  const factor = intervalS / SHIPPED_INTERVAL_S;
  const mailSink = await startMailSink();
  const requestSink = await startRequestSink();
  const address = {
    gateway: `127.0.0.1:${await freePort()}`,
    prometheus: `127.0.0.1:${await freePort()}`,
    alertmanager: `127.0.0.1:${await freePort()}`,
  };
  const service = await startService({ config: serviceConfig(options, address.gateway, factor) });
  const { folder } = service;
  const alerting = alertingOf({
    email: {
      to: ['oncall@example.com'],
      from: 'alerts@example.com',
      smarthost: mailSink.address,
      requireTls: false,
    },
    webhooks: [{ url: `${requestSink.url}/hook` }],
    history: { url: `${service.url}/api/v1/alerts/webhook` },
    exporterUrl: service.url,
  });
  await cp(join(ROOT, 'alertmanager/templates'), join(folder, 'templates'), { recursive: true });
  await writeFile(
    join(folder, 'alertmanager.yml'),
    lapse(renderAlertmanagerText(alerting), factor * patience),
  );
  await copyRules(join(folder, 'rules'), factor);
  const shipped = await readFile(join(ROOT, 'prometheus/prometheus.yml'), 'utf8');
  await writeFile(
    join(folder, 'prometheus.yml'),
    lapse(shipped, factor)
      .replace('scrape_timeout: 10s', `scrape_timeout: ${Math.min(10, intervalS)}s`)
      .replaceAll('exporter:19110', new URL(service.url).host)
      .replaceAll('alertmanager:9093', address.alertmanager)
      .replaceAll('localhost:9090', address.prometheus),
  );

  const alertmanager = await startProgram(
    'alertmanager',
    [
      `--config.file=${join(folder, 'alertmanager.yml')}`,
      `--storage.path=${join(folder, 'alertmanager')}`,
      `--web.listen-address=${address.alertmanager}`,
      '--cluster.listen-address=',
    ],
    address.alertmanager,
  );
  await startProgram(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'prometheus')}`,
      `--web.listen-address=${address.prometheus}`,
      `--query.lookback-delta=${Math.round(300 * factor)}s`,
      `--rules.alert.resend-delay=${Math.round(60 * factor)}s`,
    ],
    address.prometheus,
  );
  const query = createQuery(address.prometheus);

  const { child } = service;
  const isOfTheMachine = (alertname: string): boolean =>
    BUSY.test(alertname) ||
    (STARVED.test(alertname) && (child.exitCode ?? child.signalCode) === null);
  const mails = (): readonly Mail[] =>
    mailSink.mails.filter(({ subject }) => !isOfTheMachine(alertOf(subject)));
  const count = Object.keys(servers).length;
  await until(
    async () => (await query('count(mcp_server_status{status="healthy"} == 1)')).get('') === count,
  );
  // The way is whole: Prometheus knows what Alertmanager told the service.
  await until(
    async () => (await query('mcp_watchdog_last_received_timestamp_seconds > 0')).size > 0,
  );
  return {
    service,
    gatewayUrl: `http://${address.gateway}`,
    mails,
    pages: () => mails().filter(({ subject }) => subject.endsWith('(critical)')),
    pageNotifications: () =>
      requestSink.requests
        .map(toNotification)
        .filter(
          ({ receiver, groupLabels }) =>
            receiver === 'critical' && !isOfTheMachine(groupLabels['alertname'] ?? ''),
        ),
    query,
    alerts: async (matchers) =>
      [...(await query(`ALERTS{${matchers}}`, 'alertname')).keys()].filter(
        (alertname) => !isOfTheMachine(alertname),
      ),
    async outlast(shippedS) {
      const endS = Date.now() / 1_000 + shippedS * factor;
      const lastEvaluationS =
        'min(prometheus_rule_group_last_evaluation_timestamp_seconds{rule_group=~".*[.]alerts[.]yml;.*"})';
      while (((await query(lastEvaluationS)).get('') ?? 0) < endS) await delay(LOOK_EVERY_MS);
      await delay(WAIT_S_MAX * 1_000 * factor * patience);
    },
    alertmanager,
  };
}

export function subjects(mails: readonly Mail[]): string[] {
  return mails.map(({ subject }) => subject);
}

/** Second word of a subject. */
function alertOf(subject: string): string {
  return subject.split(' ')[1] ?? '';
}

function toNotification({ body, receivedAtMs }: SunkRequest): Notification {
  return { ...(body as unknown as Notification), receivedAtMs };
}

interface QueryAnswer {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [number, string];
    }[];
  };
}

function createQuery(address: string): Pipeline['query'] {
  return async (expression, label = '') => {
    const answer = await fetch(
      `http://${address}/api/v1/query?query=${encodeURIComponent(expression)}`,
    );
    const { data } = (await answer.json()) as QueryAnswer;
    return new Map(data.result.map(({ metric, value }) => [metric[label] ?? '', Number(value[1])]));
  };
}

/** Limits on time that a busy machine could break are wide. */
function serviceConfig(
  { servers, intervalS }: PipelineOptions,
  gatewayAddress: string,
  factor: number,
): string {
  const retryMs = Math.round(3_000 * factor);
  const offlineMs = Math.round(120_000 * factor);
  const entries = Object.entries(servers).map(([name, url]) => `  ${name}: { url: "${url}" }`);
  return `gateway: { listen: "${gatewayAddress}" }
defaults: { interval: ${intervalS}s, retryInterval: ${retryMs}ms, offlineIntervalMax: ${offlineMs}ms, timeout: ${Math.min(5, intervalS)}s, responseTime: { warning: 5s, critical: 10s } }
mcpServers:
${entries.join('\n')}
`;
}

async function copyRules(folder: string, factor: number): Promise<void> {
  const shipped = join(ROOT, 'prometheus/rules');
  await mkdir(folder);
  for (const name of await readdir(shipped)) {
    const text = await readFile(join(shipped, name), 'utf8');
    await writeFile(join(folder, name), lapse(text, factor));
  }
}
