import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { renderAlertmanagerConfig } from '../../../../src/alerts/alertmanager-config.ts';
import { freePort } from '../../support/free-port.ts';
import { startService, type Service } from '../../support/start-service.ts';
import { until } from '../../support/until.ts';
import { startProgram, type Program } from './start-program.ts';
import { startSmtpSink, type Mail } from './smtp-sink.ts';
import { lapse } from './time-lapse.ts';
import { startWebhookSink, type ReceivedNotification } from './webhook-sink.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
/** What the shipped files say: scrape and evaluation each 15 s. */
const SHIPPED_INTERVAL_S = 15;

/** About the machine that the tests run on, which may be busy; these are proven with promtool. */
const OF_THE_MACHINE =
  /^(HighCPUUsage|HighMemoryUsage|McpExporterCpuHigh|McpResponseTime\w+|SlowResponses|HighRequestLatency)$/;

export interface Pipeline {
  readonly service: Service;
  /** Base URL of the gateway. */
  readonly gatewayUrl: string;
  /** What arrived so far, oldest first, without what is about the machine. */
  mails(): readonly Mail[];
  notifications(): readonly ReceivedNotification[];
  /** Values of an instant query by this label. */
  query(expression: string, label?: string): Promise<Map<string, number>>;
  startAlertmanager(): Promise<Program>;
  readonly alertmanager: Program;
}

export interface PipelineOptions {
  /** URL of each server by its name. */
  readonly servers: Readonly<Record<string, string>>;
  /** Of checks, scrapes and evaluations. Other times keep the proportion that they are shipped with. */
  readonly intervalS: number;
}

/** Service, Prometheus, Alertmanager and the sinks, each a real one, with the shipped files; all end with the test. */
export async function startPipeline({ servers, intervalS }: PipelineOptions): Promise<Pipeline> {
  const factor = intervalS / SHIPPED_INTERVAL_S;
  const mail = await startSmtpSink();
  const webhook = await startWebhookSink();
  onTestFinished(async () => {
    await mail.close();
    await webhook.close();
  });
  const port = {
    gateway: await freePort(),
    prometheus: await freePort(),
    alertmanager: await freePort(),
  };
  const service = await startService({
    config: serviceConfig(servers, port.gateway, intervalS, factor),
  });
  const { folder } = service;

  const alerting = renderAlertmanagerConfig({
    email: {
      to: ['oncall@example.com'],
      from: 'alerts@example.com',
      smarthost: `127.0.0.1:${mail.port}`,
      requireTls: false,
    },
    webhooks: [{ url: webhook.url }],
    history: { url: `${service.url}/api/v1/alerts/webhook` },
    grafanaUrl: 'http://127.0.0.1:3000',
    exporterUrl: service.url,
    templates: join(ROOT, 'alertmanager/templates/*.tmpl'),
  });
  await writeFile(
    join(folder, 'alertmanager.yml'),
    lapse(JSON.stringify(alerting, null, 2), factor),
  );
  await copyRules(join(folder, 'rules'), factor);
  const shipped = await readFile(join(ROOT, 'prometheus/prometheus.yml'), 'utf8');
  await writeFile(
    join(folder, 'prometheus.yml'),
    lapse(shipped, factor)
      .replaceAll('exporter:19110', new URL(service.url).host)
      .replaceAll('alertmanager:9093', `127.0.0.1:${port.alertmanager}`)
      .replaceAll('localhost:9090', `127.0.0.1:${port.prometheus}`),
  );

  const startAlertmanager = (): Promise<Program> =>
    startProgram(
      'alertmanager',
      [
        `--config.file=${join(folder, 'alertmanager.yml')}`,
        `--storage.path=${join(folder, 'alertmanager')}`,
        `--web.listen-address=127.0.0.1:${port.alertmanager}`,
        '--cluster.listen-address=',
      ],
      `http://127.0.0.1:${port.alertmanager}/-/ready`,
    );
  const alertmanager = await startAlertmanager();
  const prometheusUrl = `http://127.0.0.1:${port.prometheus}`;
  await startProgram(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'prometheus')}`,
      `--web.listen-address=127.0.0.1:${port.prometheus}`,
      `--query.lookback-delta=${Math.round(300 * factor)}s`,
      `--rules.alert.resend-delay=${Math.round(60 * factor)}s`,
    ],
    `${prometheusUrl}/-/ready`,
  );
  const query: Pipeline['query'] = async (expression, label = '') => {
    const answer = await fetch(
      `${prometheusUrl}/api/v1/query?query=${encodeURIComponent(expression)}`,
    );
    const { data } = (await answer.json()) as QueryAnswer;
    return new Map(data.result.map(({ metric, value }) => [metric[label] ?? '', Number(value[1])]));
  };
  const count = Object.keys(servers).length;
  await until(
    async () => (await query('count(mcp_server_status{status="healthy"} == 1)')).get('') === count,
  );
  await until(
    async () => (await query('prometheus_notifications_alertmanagers_discovered')).get('') === 1,
  );
  return {
    service,
    gatewayUrl: `http://127.0.0.1:${port.gateway}`,
    mails: () => mail.mails.filter(({ subject }) => !OF_THE_MACHINE.test(alertOf(subject))),
    notifications: () =>
      webhook.notifications.filter(
        ({ groupLabels }) => !OF_THE_MACHINE.test(groupLabels['alertname'] ?? ''),
      ),
    query,
    startAlertmanager,
    alertmanager,
  };
}

/** Second word of a subject. */
function alertOf(subject: string): string {
  return subject.split(' ')[1] ?? '';
}

interface QueryAnswer {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [number, string];
    }[];
  };
}

/** Limits on time that a busy machine could break are wide. */
function serviceConfig(
  servers: PipelineOptions['servers'],
  gatewayPort: number,
  intervalS: number,
  factor: number,
): string {
  const retryMs = Math.round(3_000 * factor);
  const offlineMs = Math.round(120_000 * factor);
  const entries = Object.entries(servers).map(([name, url]) => `  ${name}: { url: "${url}" }`);
  return `gateway: { listen: "127.0.0.1:${gatewayPort}" }
defaults: { interval: ${intervalS}s, retryInterval: ${retryMs}ms, offlineIntervalMax: ${offlineMs}ms, timeout: 2s, responseTime: { warning: 5s, critical: 10s } }
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
