import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { type BrowserPage, findChromium, launchChromium } from '../../tools/chromium.ts';
import {
  error,
  result,
  type Script,
  startScriptedMcpServer,
} from '../fakes/scripted-mcp-server.ts';
import { freePort } from '../integration/support/free-port.ts';
import { type Service, startService } from '../integration/support/start-service.ts';
import { until } from '../integration/support/until.ts';
import { isMissing } from '../rules/support/programs.ts';
import { startAlertmanager } from '../rules/support/start-alertmanager.ts';

// Goal: a person without Grafana acts on a server and finds in the traffic what is slow, expensive and broken.
// Method: the real service, its gateway and Alertmanager, real calls, and Chromium.

const chromium = findChromium();
if (chromium === undefined)
  assert(process.env['CI'] === undefined, 'Chromium is missing: install it or set CHROMIUM_PATH');

const TOOLS = ['quick', 'slow', 'broken'].map((name) => ({
  name,
  inputSchema: { type: 'object' },
}));

/** Each tool does what its name says. */
const callTool: Script = (exchange) => {
  const { name } = exchange.message['params'] as { readonly name: string };
  const answer = result({ content: [{ type: 'text', text: 'done' }] });
  if (name === 'broken') error(-32603, 'the ledger is closed')(exchange);
  else void delay(name === 'slow' ? 1_500 : 0).then(() => answer(exchange));
};

/** A client of the gateway that calls tools in turn. */
async function call(url: string, client: string, tools: readonly string[]): Promise<number> {
  const send = async (message: object, session?: string) =>
    fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(session !== undefined && { 'mcp-session-id': session }),
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
  const opened = await send({
    id: 1,
    method: 'initialize',
    params: {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: client, version: '1' },
    },
  });
  await opened.text();
  const session = opened.headers.get('mcp-session-id') ?? undefined;
  for (const [index, name] of tools.entries())
    await (await send({ id: index + 2, method: 'tools/call', params: { name } }, session)).text();
  return opened.status;
}

async function openBrowser(): Promise<BrowserPage> {
  const browser = await launchChromium(chromium ?? '');
  onTestFinished(() => browser.close());
  return browser.newPage();
}

function gatewayOf(service: Service): string {
  return String(service.lines('started')[0]?.['gateway']);
}

async function startServer(): Promise<string> {
  const remote = await startScriptedMcpServer({ profile: 'legacy-session', tools: TOOLS });
  onTestFinished(() => remote.close());
  remote.script('tools/call', callTool);
  return remote.url;
}

test.skipIf(chromium === undefined)(
  'the slowest tool and the most expensive client are three clicks away, calls come as CSV, and a spike leads to its trace',
  async () => {
    const service = await startService({
      config: `
gateway: { listen: 127.0.0.1:0 }
tracing: { exporter: otlp, endpoint: 'http://127.0.0.1:9', jaegerUrl: 'http://jaeger.test/' }
mcpServers:
  remote: { url: "${await startServer()}", gateway: { prices: { tools: { slow: { perCall: 2 } } } } }
`,
    });
    const gateway = `${gatewayOf(service)}/remote/mcp`;
    await call(gateway, 'frugal', ['quick', 'quick', 'quick', 'broken']);
    await call(gateway, 'lavish', ['slow']);
    // Calls and their sums are written apart, and the last ones later than the first.
    const shows = async (path: string, text: RegExp) => text.test(await service.get(path));
    await until(() => shows('/servers/remote?tab=clients', />\s*lavish\s*</));
    await until(() => shows('/servers/remote?tab=tools', />\s*slow\s*</));
    await until(() => shows('/api/v1/mcp/audit?format=csv', /(?:.*\r\n){8}/));
    const page = await openBrowser();
    await page.setScriptEnabled(false);
    let clicks = 0;
    const click = async (selector: string) => {
      const element = `document.querySelector(${JSON.stringify(selector)})`;
      await page.waitFor(element);
      await page.evaluate(`${element}.click()`);
      clicks += 1;
    };
    const first = `document.querySelector('.calls tbody th')?.textContent.trim()`;

    await page.open(service.url);
    await click('tr[data-key="remote"] .name a');
    await click('.tabs a[href$="tab=tools"]');
    await page.waitFor(`${first} === 'slow'`);
    expect(clicks).toBe(2);
    clicks = 0;
    await page.open(service.url);
    await click('tr[data-key="remote"] .name a');
    await click('.tabs a[href$="tab=clients"]');
    await click('.chips a[href*="sort=cost"]');
    await page.waitFor(`${first} === 'lavish'`);
    expect(clicks).toBe(3);

    await page.open(`${service.url}/audit`);
    await page.waitFor(`document.querySelector('a[href*="format=csv"]')`);
    const [type, csv] = await page.evaluate<string[]>(
      `fetch(document.querySelector('a[href*="format=csv"]').href)
        .then(async (answer) => [answer.headers.get('content-type'), await answer.text()])`,
    );
    expect(type).toMatch(/^text\/csv/);
    expect(csv?.trim().split('\r\n')).toHaveLength(1 + 7);
    expect(csv).toContain('lavish');

    await page.open(`${service.url}/errors`);
    await page.waitFor(`document.querySelector('.traffic a:has(.fill-offline)')`);
    // A link of an SVG has no click().
    const spike = await page.evaluate<string>(
      `document.querySelector('.traffic a:has(.fill-offline)').getAttribute('href')`,
    );
    await page.open(new URL(spike, service.url).href);
    await click('#groups th a');
    await page.waitFor(`document.querySelector('#samples')?.textContent.includes('ledger')`);
    expect(await page.evaluate(`document.querySelector('#samples a[href^="http"]').href`)).toMatch(
      /^http:\/\/jaeger\.test\/trace\/[0-9a-f]{32}$/,
    );
    expect(page.problems()).toEqual([]);
  },
);

const configFor = (url: string) => `
route: { receiver: history, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h }
receivers: [{ name: history, webhook_configs: [{ url: '${url}/api/v1/alerts/webhook' }] }]
`;

test.skipIf(chromium === undefined || isMissing('alertmanager', 'amtool'))(
  'a server that is disabled for some seconds on its page is refused, its alert does not end, and it comes back by itself',
  async () => {
    const port = await freePort();
    const alertmanager = await startAlertmanager(configFor(`http://127.0.0.1:${port}`));
    const service = await startService({
      config: `
gateway: { listen: 127.0.0.1:0 }
defaults: { interval: 1s }
alertmanager: { url: '${alertmanager.url}', silenceMargin: 1m }
mcpServers: { remote: { url: "${await startServer()}" } }
`,
      args: ['--listen', `127.0.0.1:${port}`],
    });
    const gateway = `${gatewayOf(service)}/remote/mcp`;
    const alertOf = (alertname: string, server: string) => ({
      labels: { alertname, server, component: 'mcp', severity: 'critical' },
    });
    const notificationsOf = async (name: string) => {
      const { alerts } = JSON.parse(await service.get(`/api/v1/alerts?alertname=${name}`)) as {
        readonly alerts: readonly { readonly notifications: readonly { status: string }[] }[];
      };
      return alerts.flatMap(({ notifications }) => notifications.map(({ status }) => status));
    };
    /** Another alert fires and ends, so that Alertmanager has been through its groups. */
    const passRound = async (name: string) => {
      alertmanager.fire(alertOf(name, 'other'));
      await until(async () => (await notificationsOf(name)).includes('firing'));
      alertmanager.resolve(alertOf(name, 'other'));
      await until(async () => (await notificationsOf(name)).includes('resolved'));
    };
    const offline = alertOf('McpServerOffline', 'remote');
    alertmanager.fire(offline);
    await until(async () => (await notificationsOf('McpServerOffline')).length > 0);
    const page = await openBrowser();
    const says = (text: string) =>
      page.waitFor(`document.querySelector('#verdict')?.textContent.includes('${text}')`);
    await page.open(`${service.url}/servers/remote`);
    await says('Healthy');
    expect(await call(gateway, 'client', [])).toBe(200);

    await page.evaluate(`document.getElementById('reason').value = 'moves';
      document.getElementById('disable-duration').value = '6s';
      document.querySelector('form[action$="/disable"] button').click()`);
    await says('Disabled');
    await says('moves');
    expect(await call(gateway, 'client', [])).toBe(503);
    await until(async () => {
      const silences = await (await fetch(`${alertmanager.url}/api/v2/silences`)).json();
      return Array.isArray(silences) && silences.length > 0;
    });
    // Prometheus sees no Offline server any more.
    alertmanager.resolve(offline);

    await says('Healthy');
    expect(await call(gateway, 'client', [])).toBe(200);
    await passRound('Round');
    await passRound('Another');
    expect(await notificationsOf('McpServerOffline')).toEqual(['firing']);
  },
);
