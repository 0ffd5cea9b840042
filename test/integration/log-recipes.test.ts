import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { createSystemClock } from '../../src/app/system-clock.ts';
import { createHub } from '../../src/facts/hub.ts';
import { createLog, type ServiceLog } from '../../src/sinks/log/create-log.ts';
import { logCalls } from '../../src/sinks/log/log-calls.ts';
import { startLogShipping } from '../../src/sinks/otel/start-log-shipping.ts';
import { buildCall } from '../fakes/build-call.ts';
import { buildServer } from '../fakes/build-server.ts';
import { freePort } from './support/free-port.ts';
import { until } from './support/until.ts';

// Goal: whoever copies a recipe of docs/logs.md gets what it promises. Method: the recipe is taken from the document, only its
// addresses are replaced, and the real program gets the lines of calls.

const DOCUMENT = new URL('../../docs/logs.md', import.meta.url);
const LOG_FILE = '/var/log/mcp-exporter/exporter.log';
const PROGRAM_MS_MAX = 60_000;

/** Not a failure where CI is set: neither program can be had everywhere. */
function isMissing(program: string, ...args: readonly string[]): boolean {
  const isThere = spawnSync(program, args).status === 0;
  if (!isThere) console.warn(`SKIPPED: ${program} is not in PATH, its recipe is not tested`);
  return !isThere;
}

/** The first block of code in this language. */
async function recipeOf(language: string): Promise<string> {
  const text = await readFile(DOCUMENT, 'utf8');
  const [, recipe] = new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(text) ?? [];
  if (recipe === undefined) throw new Error(`no recipe in ${language}`);
  return recipe;
}

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-exporter-recipe-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function run(program: string, args: readonly string[], cwd: string): ChildProcess {
  const child = spawn(program, args, { cwd, stdio: 'ignore' });
  onTestFinished(async () => {
    const ended = once(child, 'exit');
    if (child.exitCode === null && child.kill('SIGKILL')) await ended;
  });
  return child;
}

function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

/** The lines of a failed call and of another one. */
function writeCalls(log: ServiceLog): void {
  const hub = createHub((error) => expect.unreachable(String(error)));
  log.labels.note({
    fact: 'server_added',
    server: buildServer('files', { labels: { team: 'search' } }),
  });
  onTestFinished(
    logCalls(hub, log, { access: true, plugin: true, audit: true, clock: createSystemClock() }),
  );
  const errorMessage = 'disk = gone\nfor \\ good';
  hub.publish(buildCall({ outcome: 'rpc_error', errorType: 'internal_error', errorMessage }));
  hub.publish(buildCall({ user: 'a|b=c' }));
}

test.skipIf(isMissing('rsyslogd', '-v'))(
  'rsyslog forwards audit lines and failures in the Common Event Format',
  { timeout: PROGRAM_MS_MAX },
  async () => {
    const folder = await makeFolder();
    const path = join(folder, 'exporter.log');
    let received = '';
    const siem = createServer((socket) => socket.on('data', (data) => (received += String(data))));
    siem.listen(0, '127.0.0.1');
    await once(siem, 'listening');
    onTestFinished(() => void siem.close());
    const address = siem.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const recipe = (await recipeOf('rsyslog'))
      .replace(LOG_FILE, path)
      .replace('siem.example.com" port="514"', `127.0.0.1" port="${port}"`);
    expect(recipe).toContain(`port="${port}"`);
    await writeFile(join(folder, 'rsyslog.conf'), `global(workDirectory="${folder}")\n${recipe}`);
    const log = createLog({
      level: 'info',
      format: 'json',
      file: { path, maxBytes: 1_000_000, maxFiles: 1 },
      output: { stream: nowhere(), isTerminal: false, hasColours: false },
      report: (line) => expect.unreachable(line),
      clock: createSystemClock(),
    });

    run('rsyslogd', ['-n', '-f', 'rsyslog.conf', '-i', join(folder, 'pid')], folder);
    writeCalls(log);
    await log.close();

    const events = await until(() => {
      const lines = received.split('\n').filter((line) => line !== '');
      return lines.length >= 3 && lines;
    });
    expect(events.map((event) => event.slice(event.indexOf('CEF:')))).toEqual([
      expect.stringMatching(
        /^CEF:0\|mcp-exporter\|mcp-exporter\|1\|audit\|tool called\|3\|rt=2\S+Z destinationServiceName=files suser=alice act=tools\/call cs1Label=tool cs1=read_file outcome=rpc_error externalId=[0-9a-f]{32}$/,
      ),
      expect.stringContaining('|error|call failed|6|'),
      expect.stringContaining(' suser=a|b\\=c act=tools/call '),
    ]);
    expect(events[1]).toContain(' reason=disk \\= gone\\nfor \\\\ good ');
    expect(events[0]).toMatch(/^<\d+>\d{4}-\d\d-\d\dT\S+ \S+ CEF:/);
  },
);

test.skipIf(isMissing('loki', '--version'))(
  'Loki takes the lines itself and finds them by type, server, tool and label',
  { timeout: PROGRAM_MS_MAX },
  async () => {
    const folder = await makeFolder();
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const settings = await readFile(new URL('../../docker/loki/loki.yml', import.meta.url), 'utf8');
    const [, endpoint] = /endpoint: '([^']+)'/.exec(await recipeOf('yaml\\n# loki')) ?? [];
    expect(endpoint).toBeDefined();
    await writeFile(join(folder, 'loki.yml'), settings.replaceAll('/loki/', `${folder}/`));
    run('loki', ['-config.file=loki.yml', `-server.http-listen-port=${port}`], folder);
    const ask = async (path: string) => {
      const answer = await fetch(`${url}${path}`).catch(() => undefined);
      return answer?.ok === true && (await answer.text());
    };
    await until(() => ask('/ready'));
    const log = createLog({
      level: 'info',
      format: 'json',
      output: {
        stream: nowhere(),
        isTerminal: false,
        hasColours: false,
      },
      report: (line) => expect.unreachable(line),
      clock: createSystemClock(),
    });
    const shipping = await startLogShipping({
      config: {
        endpoint: String(endpoint).replace('http://loki:3100', url),
        headers: {},
        serviceName: 'mcp-exporter',
      },
      version: '0',
      clock: createSystemClock(),
      log,
      onExportFailure: () => expect.unreachable('Loki refused the lines'),
    });
    const endCopy = log.copyTo((text) => shipping.ship(text));
    writeCalls(log);
    endCopy();
    await shipping.stop();

    const [, query] = /(\{service_name=.*?\}[^[]*) \[5m\]/.exec(await recipeOf('logql')) ?? [];
    const found = await until(async () => {
      const text = await ask(`/loki/api/v1/query_range?query=${encodeURIComponent(query ?? '')}`);
      const { data } = JSON.parse(text || '{"data":{"result":[]}}') as {
        data: { result: { stream: Record<string, string>; values: string[][] }[] };
      };
      return data.result.length > 0 && data.result;
    });
    expect(found).toMatchObject([
      {
        stream: { channel: 'error', server: 'files', tool: 'read_file', labels_team: 'search' },
        values: [[expect.any(String), 'call failed']],
      },
    ]);
  },
);
