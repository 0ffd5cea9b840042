import assert from 'node:assert/strict';
import { expect, onTestFinished, test } from 'vitest';
import { type BrowserPage, findChromium, launchChromium } from '../../tools/chromium.ts';
import { startScriptedMcpServer } from '../fakes/scripted-mcp-server.ts';
import { startService } from '../integration/support/start-service.ts';

// Goal: a person with a keyboard sees in a browser that a server dies, why, what to do, and that the service itself is gone.
// Method: the real service with a real server, watched by Chromium, without a reload of the page.

const chromium = findChromium();
if (chromium === undefined)
  assert(process.env['CI'] === undefined, 'Chromium is missing: install it or set CHROMIUM_PATH');

const TABS_MAX = 60;

/** Presses Tab until the element has the focus. */
async function tabTo(page: BrowserPage, selector: string): Promise<void> {
  for (let presses = 0; presses < TABS_MAX; presses += 1) {
    await page.press('Tab');
    if (await page.evaluate<boolean>(`document.activeElement.matches(${JSON.stringify(selector)})`))
      return;
  }
  assert.fail(`Tab does not lead to ${selector}`);
}

test.skipIf(chromium === undefined)(
  'a server that dies and a service that ends show at once, and everything is reached by keyboard',
  async () => {
    const remote = await startScriptedMcpServer({ profile: 'legacy-session' });
    let isClosed = false;
    const kill = async () => {
      if (!isClosed) await remote.close();
      isClosed = true;
    };
    onTestFinished(kill);
    const service = await startService({
      config: `
gateway: { listen: off }
defaults: { interval: 500ms, retryInterval: 200ms, timeout: 500ms, offlineAfter: 2 }
mcpServers:
  remote: { url: "${remote.url}" }
`,
    });
    const browser = await launchChromium(chromium ?? '');
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    await page.open(service.url);
    await page.waitFor(`document.querySelector('.row-healthy') !== null`);
    await page.waitFor(`document.getElementById('live').textContent === 'Live'`);
    await page.evaluate(`window.notReloaded = true`);

    await kill();
    await page.waitFor(`document.querySelector('.row-offline .reason') !== null`);
    await page.waitFor(
      `document.querySelector('.toast')?.textContent.startsWith('remote is now offline: ')`,
    );
    expect(
      await page.evaluate(`document.querySelector('.row-offline .reason').textContent`),
    ).toMatch(/2 checks in a row failed: .*refused/i);
    expect(await page.evaluate('window.notReloaded')).toBe(true);

    await tabTo(page, '[data-rows] .name a');
    await page.press('Enter');
    await page.waitFor(`location.pathname === '/servers/remote' && document.querySelector('.why')`);
    expect(await page.evaluate(`document.querySelector('#verdict').textContent`)).toMatch(
      /Offline.*refused.*What to do/is,
    );
    await page.waitFor(`document.getElementById('live').textContent === 'Live'`);
    await tabTo(page, 'form[data-check] button');
    await page.press('Enter');
    await page.waitFor(`document.getElementById('action-message').textContent.includes('refused')`);
    await tabTo(page, '.tabs a[href$="tab=settings"]');
    await page.press('Enter');
    await page.waitFor(`document.querySelector('#settings')?.textContent.includes('500ms')`);
    await page.waitFor(`document.getElementById('live').textContent === 'Live'`);

    service.child.kill('SIGTERM');
    await page.waitFor(`!document.getElementById('gone').hidden`);
    expect(await page.evaluate(`document.getElementById('gone').textContent`)).toContain(
      'The exporter does not answer',
    );
  },
);
