import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashSync } from 'bcryptjs';
import { expect, onTestFinished, test } from 'vitest';
import { error, result, startScriptedMcpServer } from '../fakes/scripted-mcp-server.ts';
import { isMissing } from '../rules/support/programs.ts';
import { freePort } from './support/free-port.ts';
import { type Service, startService } from './support/start-service.ts';
import { until } from './support/until.ts';

// Goal: the summary has the same figures from Prometheus as from the journal, and says which it is.
// Method: the real service with calls through its gateway, scraped by a real Prometheus with basic authentication, which then
// ends.

const SUCCESSES = 40;
const FAILURES = 5;
const USER = 'exporter';
const PASSWORD = 'a-password-of-the-test';

interface Summary {
  readonly source: string;
  readonly fallback_reason?: string;
  readonly servers: readonly ServerSummary[];
}

interface ServerSummary {
  readonly requests: number;
  readonly success_ratio: number;
  readonly error_types: Readonly<Record<string, number>>;
  readonly top_tools: readonly { readonly name: string; readonly calls: number }[];
  readonly response_time_ms: { readonly mean: number };
  readonly tokens: number;
}

async function startPrometheus({ folder, url }: Service, port: number) {
  const config = join(folder, 'prometheus.json');
  const scrape = { job_name: 'mcp', static_configs: [{ targets: [new URL(url).host] }] };
  const global = { scrape_interval: '1s', scrape_timeout: '1s' };
  await writeFile(config, JSON.stringify({ global, scrape_configs: [scrape] }));
  const webConfig = join(folder, 'web.json');
  const users = { [USER]: hashSync(PASSWORD, 4) };
  await writeFile(webConfig, JSON.stringify({ basic_auth_users: users }));
  const authorization = `Basic ${btoa(`${USER}:${PASSWORD}`)}`;
  const options = [
    `--config.file=${config}`,
    `--web.config.file=${webConfig}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const child = spawn('prometheus', options, { stdio: 'ignore' });
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  onTestFinished(stop);
  return {
    stop,
    async read(query: string): Promise<number | undefined> {
      const address = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`;
      const answer = await fetch(address, { headers: { authorization } }).catch(() => undefined);
      if (!answer?.ok) return undefined;
      const { data } = (await answer.json()) as {
        readonly data: { readonly result: readonly { readonly value: [number, string] }[] };
      };
      return data.result[0] && Number(data.result[0].value[1]);
    },
  };
}

async function startFiles() {
  const tools = [{ name: 'echo', inputSchema: { type: 'object' } }];
  const server = await startScriptedMcpServer({ profile: 'legacy-stateless', tools });
  onTestFinished(() => server.close());
  const answer = result({ content: [{ type: 'text', text: 'a'.repeat(400) }] });
  server.script('tools/call', (exchange) =>
    exchange.message['id'] === 'bad' ? error(-32603, 'disk is gone')(exchange) : answer(exchange),
  );
  return server;
}

test.skipIf(isMissing('prometheus'))(
  'the summary of Prometheus and that of the journal agree, and the journal answers once Prometheus is gone',
  async () => {
    const files = await startFiles();
    const port = await freePort();
    const service = await startService({
      config: `
gateway: { listen: 127.0.0.1:0 }
prometheus: { url: "http://${USER}:${PASSWORD}@127.0.0.1:${port}" }
mcpServers: { files: { url: "${files.url}" } }
`,
    });
    const prometheus = await startPrometheus(service, port);
    await until(async () => (await prometheus.read('mcp_server_capabilities{kind="tools"}')) === 1);
    const gateway = String(service.lines('started')[0]?.['gateway']);
    const call = async (id: number | 'bad'): Promise<void> => {
      const params = { name: 'echo', arguments: {} };
      const answer = await fetch(`${gateway}/files/mcp`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params }),
      });
      await answer.text();
    };
    const counted = (calls: number) =>
      until(async () => (await prometheus.read('sum(mcp_requests_total)')) === calls);
    // A series that begins with its first call lacks it in increase().
    await call(0);
    await call('bad');
    await counted(2);
    for (let id = 1; id < SUCCESSES; id += 1) await call(id);
    for (let sent = 1; sent < FAILURES; sent += 1) await call('bad');
    await counted(SUCCESSES + FAILURES);

    const read = async (window: string): Promise<Summary> =>
      JSON.parse(await service.get(`/api/v1/mcp/metrics/summary?window=${window}`)) as Summary;
    const ofPrometheus = await read('5m');
    expect(ofPrometheus).toMatchObject({ source: 'prometheus' });
    await prometheus.stop();
    const ofJournal = await until(async () => {
      const summary = await read('6m');
      return summary.servers[0]?.requests === SUCCESSES + FAILURES && summary;
    });
    expect(ofJournal.source).toBe('journal');
    expect(ofJournal.fallback_reason).toMatch(/^Prometheus did not answer: /);
    const [exact] = ofJournal.servers;
    const [close] = ofPrometheus.servers;
    if (!exact || !close) throw new Error('there is no server');
    const isAbout = (value: number) => expect.closeTo(value, -Math.log10(value * 0.3));
    expect(exact.error_types).toEqual({ internal_error: FAILURES });
    expect(close).toMatchObject({
      requests: isAbout(exact.requests),
      success_ratio: expect.closeTo(exact.success_ratio, 1),
      top_tools: [{ name: 'echo', calls: isAbout(exact.requests) }],
      response_time_ms: { mean: isAbout(exact.response_time_ms.mean) },
      tokens: isAbout(exact.tokens),
    });
    expect(Object.keys(close.error_types)).toEqual(['internal_error']);
  },
);
