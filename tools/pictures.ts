import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type BrowserPage, findChromium, launchChromium } from './chromium.ts';
import { PANELS_SHOW_DATA } from './grafana-panels.ts';

/**
 * Takes the pictures of README from a running demonstration and writes them to `docs/images/`:
 *
 *     docker compose --profile demo up --detach --wait && npm run demo:history
 *     npm run pictures -- --exporter http://localhost:19111 --grafana http://localhost:3000
 *
 * Without `--grafana`, only the pages of the exporter are taken. Needs Chromium (`CHROMIUM_PATH` or on the PATH) and pngquant.
 * Grafana's user is `admin`; its password is `GRAFANA_PASSWORD`, by default that of the compose file.
 */
const FOLDER = 'docs/images';
const BYTES_MAX = 300_000;
const WIDTH = 1280;
const HEIGHT_MAX = 1000;

const { values } = parseArgs({
  options: {
    exporter: { type: 'string', default: 'http://localhost:19111' },
    server: { type: 'string', default: 'search' },
    grafana: { type: 'string' },
  },
});

const chromium = findChromium();
if (chromium === undefined) throw new Error('No Chromium: install it or set CHROMIUM_PATH');
const browser = await launchChromium(chromium);
try {
  mkdirSync(FOLDER, { recursive: true });
  const page = await browser.newPage();
  await page.resize(WIDTH, HEIGHT_MAX);
  const { exporter, server, grafana } = values;
  await takeExporterPage(page, `${exporter}/`, 'status');
  await takeExporterPage(page, `${exporter}/servers/${encodeURIComponent(server)}`, 'server');
  if (grafana !== undefined) await takeGrafanaOverview(page, grafana);
} finally {
  await browser.close();
}

async function takeExporterPage(page: BrowserPage, url: string, name: string): Promise<void> {
  await page.open(url);
  await page.waitFor(`document.getElementById('live')?.textContent === 'Live'`);
  await take(page, name);
}

/** The overview of the gateway `demo`, once each panel has its data. */
async function takeGrafanaOverview(page: BrowserPage, grafana: string): Promise<void> {
  const user = { user: 'admin', password: process.env['GRAFANA_PASSWORD'] ?? 'mcp-exporter' };
  await page.open(`${grafana}/login`);
  const isIn = await page.evaluate<boolean>(
    `fetch('/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: ${JSON.stringify(JSON.stringify(user))},
    }).then((answer) => answer.ok)`,
  );
  if (!isIn) throw new Error('Grafana refused the password: set GRAFANA_PASSWORD');
  await page.open(`${grafana}/d/mcp-overview?kiosk&var-gateway=demo`);
  await page.waitFor(PANELS_SHOW_DATA);
  await take(page, 'grafana-overview');
}

/** Writes what the page shows, reduced to a palette of 256 colours, which these pages do not exceed visibly. */
async function take(page: BrowserPage, name: string): Promise<void> {
  const { status, stdout, stderr, error } = spawnSync(
    'pngquant',
    ['--strip', '--speed', '1', '-'],
    {
      input: await page.screenshot(HEIGHT_MAX),
      maxBuffer: 10 * BYTES_MAX,
    },
  );
  if (status !== 0) throw new Error(`pngquant failed: ${error?.message ?? stderr.toString()}`);
  const path = `${FOLDER}/${name}.png`;
  if (stdout.length > BYTES_MAX)
    throw new Error(`${path} would have ${stdout.length} bytes, ${BYTES_MAX} are allowed`);
  writeFileSync(path, stdout);
  process.stdout.write(`wrote ${path}, ${Math.ceil(stdout.length / 1_000)} kB\n`);
}
