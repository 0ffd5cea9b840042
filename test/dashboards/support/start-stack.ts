import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { renderAlertmanagerConfig } from '../../../src/sinks/alerting/alertmanager-config.ts';
import { createBlocks } from '../../../tools/demo-history/create-blocks.ts';
import { type HistoryOptions, writeHistory } from '../../../tools/demo-history/write-history.ts';
import { readRuleFiles } from '../../../tools/rules/read-rules.ts';
import { freePort } from '../../integration/support/free-port.ts';
import { createEnding } from './ending.ts';
import { startClients, tokenOf, USERS } from './start-clients.ts';
import { type Fleet, startFleet } from './start-fleet.ts';
import { answers, startProgram } from './start-program.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const MAIN = join(ROOT, 'src/main.ts');

export interface StackOptions {
  /** Of checks, scrapes and evaluations. */
  readonly intervalSeconds: number;
  readonly pauseMs: number;
  /** Servers that have a past, and how much of it. */
  readonly history: Pick<HistoryOptions, 'servers' | 'days' | 'rawDays'>;
}

export interface Stack {
  readonly prometheusUrl: string;
  readonly alertmanagerUrl: string;
  readonly exporterUrl: string;
  readonly gatewayUrl: string;
  readonly fleet: Fleet;
  stop(): Promise<void>;
}

/** The gateway label of everything here, in the history too. */
const GATEWAY = 'demo';

/**
 * A fleet with clients, the exporter with its gateway, Prometheus with the shipped rules and Alertmanager, each the real
 * program on loopback.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const ending = createEnding();
  try {
    return { ...(await start(options, ending)), stop: () => ending.run() };
  } catch (error) {
    await ending.run();
    throw error;
  }
}

async function start(
  { intervalSeconds, pauseMs, history }: StackOptions,
  ending: ReturnType<typeof createEnding>,
): Promise<Omit<Stack, 'stop'>> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-exporter-dashboards-'));
  ending.add(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const address = async (): Promise<string> => `127.0.0.1:${await freePort()}`;
  const [gateway, exporter, prometheus, alertmanager] = [
    await address(),
    await address(),
    await address(),
    await address(),
  ];
  const dataFolder = join(folder, 'prometheus-data');
  await mkdir(dataFolder);
  const filled = writeHistory({
    ...history,
    nowSeconds: Math.floor(Date.now() / 60_000) * 60,
    createBlocks: (path, blockHours) => createBlocks(['promtool'], path, dataFolder, blockHours),
  });
  // Nobody waits for it while the rest starts.
  filled.catch(() => undefined);
  const fleet = await startFleet(ending);
  await writeFile(
    join(folder, 'mcp-exporter.yml'),
    exporterConfig(fleet, exporter, gateway, intervalSeconds),
  );
  await startProgram({
    command: process.execPath,
    args: [MAIN, 'serve', '--config', 'mcp-exporter.yml'],
    cwd: folder,
    isReady: () => answers(`http://${exporter}/-/ready`),
    ending,
  });
  await markDeploy(`http://${exporter}`);

  await writeAlertmanagerConfig(folder, `http://${exporter}`);
  await startProgram({
    command: 'alertmanager',
    args: [
      '--config.file=alertmanager.yml',
      '--storage.path=alertmanager-data',
      `--web.listen-address=${alertmanager}`,
      '--cluster.listen-address=',
    ],
    cwd: folder,
    isReady: () => answers(`http://${alertmanager}/-/ready`),
    ending,
  });

  startClients({ gatewayUrl: `http://${gateway}`, pauseMs, ending });
  await filled;
  await writePrometheusConfig(folder, { exporter, alertmanager, prometheus }, intervalSeconds);
  await startProgram({
    command: 'prometheus',
    args: [
      '--config.file=prometheus.yml',
      `--storage.tsdb.path=${dataFolder}`,
      '--storage.tsdb.retention.time=60d',
      `--web.listen-address=${prometheus}`,
      '--enable-feature=exemplar-storage',
    ],
    cwd: folder,
    isReady: () => answers(`http://${prometheus}/-/ready`),
    ending,
  });
  return {
    prometheusUrl: `http://${prometheus}`,
    alertmanagerUrl: `http://${alertmanager}`,
    exporterUrl: `http://${exporter}`,
    gatewayUrl: `http://${gateway}`,
    fleet,
  };
}

/** As a pipeline would. */
async function markDeploy(exporterUrl: string): Promise<void> {
  const answer = await fetch(`${exporterUrl}/api/v1/markers`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ kind: 'deploy', text: 'version 2.1' }),
  });
  if (!answer.ok) throw new Error(`the marker was refused: ${await answer.text()}`);
}

function exporterConfig(
  fleet: Fleet,
  listen: string,
  gateway: string,
  intervalSeconds: number,
): string {
  const interval = `${intervalSeconds}s`;
  return stringify({
    listen,
    gateway: {
      listen: gateway,
      authentication: {
        bearerTokens: USERS.map((name) => ({ name, token: tokenOf(name) })),
      },
      rateLimit: { requests: 30, per: '1s' },
    },
    defaults: {
      interval,
      retryInterval: `${intervalSeconds / 2}s`,
      unhealthyInterval: interval,
      offlineIntervalMax: interval,
      timeout: '2s',
      deepInterval: `${intervalSeconds * 5}s`,
    },
    journal: { path: 'journal' },
    log: { level: 'warn', access: false },
    tracing: { exporter: 'otlp', endpoint: 'http://127.0.0.1:9' },
    mcpServers: fleet.entries,
  });
}

async function writeAlertmanagerConfig(folder: string, exporterUrl: string): Promise<void> {
  await cp(join(ROOT, 'alertmanager/templates'), join(folder, 'templates'), { recursive: true });
  const config = renderAlertmanagerConfig({
    webhooks: [],
    history: { url: `${exporterUrl}/api/v1/alerts/webhook` },
    grafanaUrl: 'http://127.0.0.1:3000',
    exporterUrl,
    templates: 'templates/*.tmpl',
  });
  await writeFile(join(folder, 'alertmanager.yml'), stringify(config, atOnce));
}

/** Nobody is woken here: alerts are sent as they come. */
function atOnce(key: unknown, value: unknown): unknown {
  return key === 'group_wait' || key === 'group_interval' ? '1s' : value;
}

interface Addresses {
  readonly exporter: string;
  readonly alertmanager: string;
  readonly prometheus: string;
}

async function writePrometheusConfig(
  folder: string,
  { exporter, alertmanager, prometheus }: Addresses,
  intervalSeconds: number,
): Promise<void> {
  const shipped = await readFile(join(ROOT, 'prometheus/prometheus.yml'), 'utf8');
  const config = parse(
    shipped
      .replaceAll('exporter:19110', exporter)
      .replaceAll('alertmanager:9093', alertmanager)
      .replaceAll('localhost:9090', prometheus)
      .replaceAll('gateway: default', `gateway: ${GATEWAY}`),
  ) as PrometheusConfig;
  Object.assign(config.global, {
    scrape_interval: `${intervalSeconds}s`,
    scrape_timeout: `${intervalSeconds}s`,
    evaluation_interval: `${intervalSeconds}s`,
  });
  // The profile demo is not there, and its name is nobody's business outside.
  for (const job of config.scrape_configs) delete job.dns_sd_configs;
  await writeFile(join(folder, 'prometheus.yml'), stringify(config));
  await writeRules(join(folder, 'rules'), intervalSeconds);
}

interface PrometheusConfig {
  readonly global: Record<string, string>;
  readonly scrape_configs: { dns_sd_configs?: unknown }[];
}

/** Groups that are evaluated seldom look far back: they stay slower than the rest. */
async function writeRules(folder: string, intervalSeconds: number): Promise<void> {
  await mkdir(folder);
  for (const { file, groups } of readRuleFiles()) {
    const faster = groups.map(({ interval, ...group }) =>
      interval === undefined
        ? group
        : { ...group, interval: `${intervalSeconds * (interval === '1m' ? 2 : 8)}s` },
    );
    await writeFile(join(folder, basename(file)), stringify({ groups: faster }));
  }
}
