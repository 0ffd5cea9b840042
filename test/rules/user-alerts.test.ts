import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { formatYaml } from '../../src/settings/yaml.ts';
import { textFiles } from '../../src/app/text-files.ts';
import { createUserRules } from '../../src/sinks/alerting/user-rules.ts';
import { ALERT_METRICS, type UserAlert } from '../../src/facts/user-alert.ts';
import { METRICS_PAGE } from '../../src/catalog/catalog.ts';
import { freePort } from '../integration/support/free-port.ts';
import { until } from '../integration/support/until.ts';
import { scrapedSeries } from './support/known-series.ts';
import { lintSeries } from './support/lint-expression.ts';
import { isMissing, runProgram } from './support/programs.ts';

// Goal: an entry of `alerts:` means in Prometheus what it says. Method: promtool of 2.x and 3.x on rendered files, and a
// Prometheus that has to notice a new file by itself.

const PROMTOOLS = ['promtool', 'promtool2'];
const hasNoPromtool = isMissing(...PROMTOOLS);

function build(fields: Partial<UserAlert>): UserAlert {
  return {
    name: 'Mine',
    metric: 'response_time',
    op: '>',
    threshold: 0.5,
    thresholdText: '500ms',
    forMs: 300_000,
    servers: 'all',
    severity: 'warning',
    ...fields,
  };
}

async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-exporter-user-alerts-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function writeRules(path: string, alerts: readonly UserAlert[]): Promise<void> {
  const rules = createUserRules({ catalog: METRICS_PAGE, files: textFiles, format: formatYaml });
  expect(await rules.update(alerts, path)).toBeUndefined();
}

test.skipIf(hasNoPromtool).each(PROMTOOLS)(
  '%s accepts an alert on every metric',
  async (promtool) => {
    const file = join(await createFolder(), 'rules.yml');
    const metrics = [...ALERT_METRICS, ...METRICS_PAGE.map(({ name }) => name)];
    await writeRules(
      file,
      metrics.map((metric, index) =>
        build({ metric, name: `Mine${index}`, servers: index % 2 ? 'all' : ['a "b"', 'c.d'] }),
      ),
    );
    const { status, text } = runProgram(promtool, ['check', 'rules', file]);
    expect([status, text]).toEqual([0, expect.stringContaining(`${metrics.length} rules found`)]);
  },
);

const SCRAPED = scrapedSeries();
const SERVER = 'job="j", gateway="g", server="a"';

/** Series as promtool writes them, and at which minute the alert fires. */
const CASES: readonly (readonly [
  what: string,
  alert: Partial<UserAlert>,
  series: Readonly<Record<string, string>>,
  fires: boolean,
])[] = [
  [
    'a response time of 0.6 s',
    {},
    {
      [`mcp_server_response_time_seconds{${SERVER}}`]: '0.6x40',
    },
    true,
  ],
  [
    'a response time of 0.5 s',
    {},
    {
      [`mcp_server_response_time_seconds{${SERVER}}`]: '0.5x40',
    },
    false,
  ],
  [
    'a response time of 0.6 s of a server that was not named',
    { servers: ['b'] },
    {
      [`mcp_server_response_time_seconds{${SERVER}}`]: '0.6x40',
    },
    false,
  ],
  [
    '6 % failures',
    { metric: 'error_rate', threshold: 0.05, thresholdText: '5%' },
    {
      [`mcp_requests_total{${SERVER}, outcome="success"}`]: '0+94x40',
      [`mcp_requests_total{${SERVER}, outcome="timeout"}`]: '0+6x40',
    },
    true,
  ],
  [
    '6 % that are the mistakes of callers',
    { metric: 'error_rate', threshold: 0.05, thresholdText: '5%' },
    {
      [`mcp_requests_total{${SERVER}, outcome="success"}`]: '0+94x40',
      [`mcp_requests_total{${SERVER}, outcome="denied"}`]: '0+6x40',
    },
    false,
  ],
  [
    '6 % of what reached the server, however much was refused',
    { metric: 'error_rate', threshold: 0.05, thresholdText: '5%' },
    {
      [`mcp_requests_total{${SERVER}, outcome="success"}`]: '0+94x40',
      [`mcp_requests_total{${SERVER}, outcome="timeout"}`]: '0+6x40',
      [`mcp_requests_total{${SERVER}, outcome="denied"}`]: '0+900x40',
      [`mcp_requests_total{${SERVER}, outcome="cancelled"}`]: '0+900x40',
    },
    true,
  ],
  [
    'no failure and no series of failures, where that is what is asked for',
    { metric: 'error_rate', op: '==', threshold: 0, thresholdText: '0%' },
    { [`mcp_requests_total{${SERVER}, outcome="success"}`]: '0+94x40' },
    true,
  ],
  [
    'no traffic',
    { metric: 'error_rate', op: '>=', threshold: 0, thresholdText: '0%' },
    { [`mcp_requests_total{${SERVER}, outcome="success"}`]: '5+0x40' },
    false,
  ],
  [
    'an offline server',
    { metric: 'availability', op: '<', threshold: 0.99, thresholdText: '99%' },
    {
      [`mcp_server_status{${SERVER}, status="offline"}`]: '1x40',
      [`mcp_server_status{${SERVER}, status="disabled"}`]: '0x40',
    },
    true,
  ],
  [
    'a server that is switched off',
    { metric: 'availability', op: '<', threshold: 0.99, thresholdText: '99%' },
    {
      [`mcp_server_status{${SERVER}, status="offline"}`]: '0x40',
      [`mcp_server_status{${SERVER}, status="disabled"}`]: '1x40',
    },
    false,
  ],
  [
    '11 calls a second',
    { metric: 'request_rate', threshold: 10, thresholdText: '10/s' },
    { [`mcp_requests_total{${SERVER}, outcome="success"}`]: '0+660x40' },
    true,
  ],
  [
    '1,200 tokens a minute',
    { metric: 'tokens', threshold: 1_200, thresholdText: '1200', op: '>=' },
    { [`mcp_tokens_total{${SERVER}, direction="input"}`]: '0+1200x40' },
    true,
  ],
  [
    '19 dollars within a day',
    { metric: 'cost', threshold: 20, thresholdText: '$20' },
    { [`mcp_cost_usd_total{${SERVER}}`]: '0+0.475x40' },
    false,
  ],
  [
    'a gauge of the page',
    { metric: 'mcp_probe_consecutive_failures', threshold: 2, thresholdText: '2' },
    { [`mcp_probe_consecutive_failures{${SERVER}}`]: '3x40' },
    true,
  ],
  ['no series at all', { op: '<' }, { [`up{job="j"}`]: '1x40' }, false],
];

test.each(CASES)('the exporter has the series of %s', (_what, _alert, series) => {
  expect(Object.keys(series).flatMap((name) => lintSeries(name, SCRAPED))).toEqual([]);
});

test.skipIf(hasNoPromtool).each(CASES)('%s: %o', async (_, fields, series, fires) => {
  const folder = await createFolder();
  const alert = build({ forMs: 300_000, ...fields });
  await writeRules(join(folder, 'rules.yml'), [alert]);
  // Labels and annotations are not the matter here: counting those that fire leaves them out.
  const count = (state: string) =>
    `count(ALERTS{alertname="Mine", alertstate="${state}"}) or vector(0)`;
  const sample = (value: number) => [{ labels: '{}', value }];
  const unit = {
    rule_files: ['rules.yml'],
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        promql_expr_test: [
          // Before its time is up it waits, and then it fires.
          { expr: count('firing'), eval_time: '4m', exp_samples: sample(0) },
          { expr: count('firing'), eval_time: '30m', exp_samples: sample(fires ? 1 : 0) },
          // Long after the last sample nothing is left of it.
          { expr: count('firing'), eval_time: '60m', exp_samples: sample(0) },
        ],
      },
    ],
  };
  await writeFile(join(folder, 'test.yml'), formatYaml(unit, 'test'));
  for (const promtool of PROMTOOLS) {
    const { status, text } = runProgram(promtool, ['test', 'rules', join(folder, 'test.yml')]);
    expect([promtool, status, text]).toEqual([promtool, 0, expect.stringContaining('SUCCESS')]);
  }
});

test.skipIf(isMissing('prometheus'))(
  'Prometheus loads a new file and its changes by itself',
  async () => {
    const folder = await createFolder();
    await mkdir(join(folder, 'generated'));
    await writeFile(join(folder, 'prometheus.yml'), 'rule_files: [generated/*.yml]\n');
    const url = `http://127.0.0.1:${await freePort()}`;
    const child = spawn(
      'prometheus',
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${url.slice('http://'.length)}`,
        '--enable-feature=auto-reload-config',
        '--config.auto-reload-interval=1s',
      ],
      { stdio: 'ignore' },
    );
    const ended = once(child, 'close');
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    const rules = createUserRules({ catalog: METRICS_PAGE, files: textFiles, format: formatYaml });
    const path = join(folder, 'generated', 'user-alerts.yml');
    const seen = async (): Promise<string> => {
      const response = await fetch(`${url}/api/v1/rules`).catch(() => undefined);
      if (!response?.ok) return 'not there';
      const { data } = (await response.json()) as {
        readonly data: {
          readonly groups: readonly { readonly rules: readonly { name: string }[] }[];
        };
      };
      return data.groups.flatMap((group) => group.rules.map(({ name }) => name)).join();
    };
    await until(async () => (await seen()) === '');
    await rules.update([build({ name: 'First' })], path);
    await until(async () => (await seen()) === 'First');
    await rules.update([build({ name: 'First' }), build({ name: 'Second' })], path);
    await until(async () => (await seen()) === 'First,Second');
    await rules.update([], path);
    await until(async () => (await seen()) === '');
  },
);
