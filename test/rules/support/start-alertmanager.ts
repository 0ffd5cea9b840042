import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashSync } from 'bcryptjs';
import { onTestFinished } from 'vitest';
import { until } from '../../integration/support/until.ts';
import { createAlertmanagerFolder } from './alertmanager-folder.ts';
import { runProgram } from './programs.ts';

export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Alertmanager {
  /** Where it listens. */
  readonly url: string;
  readonly stderr: () => string;
  /** What its API answers. */
  get(path: string): Promise<unknown>;
  fire(alert: Alert): void;
  resolve(alert: Alert): void;
  /** Names of the alerts that are muted by others now. */
  inhibited(): Promise<string[]>;
}

/** What links to it begin with. */
const ALERTMANAGER_URL = 'http://alertmanager.test:9093';

/** The only user that it lets in. */
export interface AlertmanagerUser {
  readonly name: string;
  readonly password: string;
}

/** The real program with this configuration and the shipped templates; it ends with the test. */
export async function startAlertmanager(
  config: string,
  user?: AlertmanagerUser,
): Promise<Alertmanager> {
  const folder = await createAlertmanagerFolder(config);
  const webConfig = join(folder.path, 'web.yml');
  const users = user && { [user.name]: hashSync(user.password, 4) };
  await writeFile(webConfig, JSON.stringify(users ? { basic_auth_users: users } : {}));
  const headers = user && {
    authorization: `Basic ${Buffer.from(`${user.name}:${user.password}`).toString('base64')}`,
  };
  const child = spawn(
    'alertmanager',
    [
      `--config.file=${folder.config}`,
      `--storage.path=${join(folder.path, 'data')}`,
      '--web.listen-address=127.0.0.1:0',
      `--web.external-url=${ALERTMANAGER_URL}`,
      '--cluster.listen-address=',
      `--web.config.file=${webConfig}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ended = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const address = await until(() => {
    if (child.exitCode !== null) throw new Error(`it ended: ${stderr}`);
    return /"Listening on" address=(\S+)/.exec(stderr)?.[1];
  });
  const url = `http://${address}`;
  const read = (path: string) => fetch(`${url}${path}`, { ...(headers && { headers }) });
  await until(() => read('/-/ready').then(({ ok }) => ok));
  const toolUrl = user ? url.replace('//', `//${user.name}:${user.password}@`) : url;

  function add({ labels, annotations = {} }: Alert, ...more: readonly string[]): void {
    const { status, text } = runProgram('amtool', [
      'alert',
      'add',
      `--alertmanager.url=${toolUrl}`,
      '--generator-url=http://prometheus.test:9090/graph?g0.expr=up',
      ...Object.entries(annotations).map(([n, v]) => `--annotation=${n}=${JSON.stringify(v)}`),
      ...more,
      ...Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`),
    ]);
    if (status !== 0) throw new Error(text);
  }

  return {
    url,
    stderr: () => stderr,
    get: async (path) => (await read(path)).json(),
    fire: (alert) => add(alert),
    resolve: (alert) => add(alert, `--end=${new Date().toISOString()}`),
    async inhibited() {
      const response = await read('/api/v2/alerts?active=false&inhibited=true');
      const alerts = (await response.json()) as {
        readonly labels: { readonly alertname: string };
        readonly status: { readonly inhibitedBy: readonly string[] };
      }[];
      return alerts
        .filter(({ status }) => status.inhibitedBy.length > 0)
        .map(({ labels }) => labels.alertname)
        .toSorted();
    },
  };
}
