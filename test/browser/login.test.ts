import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { createFakeContext } from '../fakes/fake-context.ts';
import { type ProtectedServer, startProtectedServer } from '../integration/support/start-oauth.ts';
import {
  type Browser,
  type BrowserPage,
  findChromium,
  launchChromium,
} from '../../tools/chromium.ts';

// Goal: a person with a real browser gets through `login`: the pages of the authorization server, the redirect to this
// machine, and the page at the end. Method: headless Chromium, and oidc-provider from the registry.

const chromium = findChromium();
if (chromium === undefined) {
  assert(process.env['CI'] === undefined, 'Chromium is missing: install it or set CHROMIUM_PATH');
  console.warn('SKIPPED: the browser tests need Chromium; install it or set CHROMIUM_PATH');
}

const TEXT = 'document.body.innerText.trim()';

describe.skipIf(chromium === undefined)('login in a browser', () => {
  let browser: Browser;
  let page: BrowserPage;
  let server: ProtectedServer;
  let directory: string;
  let config: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mcp-login-'));
    server = await startProtectedServer(60);
    config = join(directory, 'mcp-exporter.yml');
    const mine = { url: server.url, auth: { oauth2: {} } };
    await writeFile(config, JSON.stringify({ mcpServers: { mine } }));
    browser = await launchChromium(chromium ?? '');
    page = await browser.newPage();
  });

  afterAll(async () => {
    await browser.close();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  /** Starts `login` and opens the address that it would give to the browser of the system. */
  async function startLogin() {
    const opened = Promise.withResolvers<string>();
    const context = createFakeContext({ openBrowser: opened.resolve });
    const code = run(['login', 'mine', '--config', config], context);
    await page.open(await opened.promise);
    return { code, context };
  }

  test('a refusal on the page of the authorization server ends on a page that says so', async () => {
    const { code, context } = await startLogin();
    await page.waitFor(`document.querySelector('a[href*="abort"]') !== null`);
    await page.evaluate(`document.querySelector('a[href*="abort"]').click()`);
    await page.waitFor(`location.pathname === '/callback' && document.readyState === 'complete'`);
    expect(await page.evaluate(TEXT)).toBe(
      'mcp-exporter\n\nThe login failed. The terminal in which mcp-exporter runs shows the reason.',
    );
    expect(await code).toBe(1);
    expect(context.err()).toContain('The login failed: ');
  });

  test('a login ends on a page that says what to do, and is kept', async () => {
    const { code, context } = await startLogin();
    await page.waitFor(`document.querySelector('input[name=login]') !== null`);
    await page.evaluate(`{
      document.querySelector('input[name=login]').value = 'ada';
      document.querySelector('input[name=password]').value = 'any';
      document.querySelector('button[type=submit]').click();
    }`);
    await page.waitFor(`document.querySelector('input[name=prompt][value=consent]') !== null`);
    await page.evaluate(`document.querySelector('button[type=submit]').click()`);
    await page.waitFor(`location.pathname === '/callback' && document.readyState === 'complete'`);
    expect(await page.evaluate(TEXT)).toBe(
      'mcp-exporter\n\nmcp-exporter completes the login in the terminal. You can close this page.',
    );
    expect(await page.evaluate('document.title')).toBe('mcp-exporter login');
    expect(await code).toBe(0);
    expect(context.out()).toContain('The login is kept in');
    if (process.env['SHOT']) await writeFile(process.env['SHOT'], await page.screenshot());
  });
});
