import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Browser,
  type BrowserPage,
  findChromium,
  launchChromium,
} from '../../tools/chromium.ts';
import { PANELS_SHOW_DATA } from '../../tools/grafana-panels.ts';

// Goal: no picture of Grafana is taken before its panels show their data.
// Method: the markup of a panel of @grafana/ui 13.2 at each step of its loading, in a real browser, without a Grafana.

const chromium = findChromium();
if (chromium === undefined) {
  assert(process.env['CI'] === undefined, 'Chromium is missing: install it or set CHROMIUM_PATH');
  console.warn('SKIPPED: the browser tests need Chromium; install it or set CHROMIUM_PATH');
}

const BAR = '<div aria-label="Panel loading bar" role="status"></div>';
const DATA = '<div>42</div>';

function panel(content: string, bar = ''): string {
  return `<section data-testid="data-testid Panel header Healthy">
    <div>${bar}</div>
    <div data-testid="data-testid header-container"><h2>Healthy</h2></div>
    <div data-testid="data-testid panel content">${content}</div>
  </section>`;
}

describe.skipIf(chromium === undefined)('the wait for the panels of Grafana', () => {
  let browser: Browser;
  let page: BrowserPage;

  beforeAll(async () => {
    browser = await launchChromium(chromium ?? '');
    page = await browser.newPage();
  });

  afterAll(() => browser.close());

  test.each([
    ['no panel is there', [], false],
    ['panels are there, no query has started', Array<string>(6).fill(panel('')), false],
    ['panels wait for the first answer', Array<string>(6).fill(panel('', BAR)), false],
    ['one of them has no answer', [...Array<string>(6).fill(panel(DATA)), panel('')], false],
    [
      'one of them is asked again',
      [...Array<string>(6).fill(panel(DATA)), panel(DATA, BAR)],
      false,
    ],
    [
      'the code of one has not arrived',
      [...Array<string>(6).fill(panel(DATA)), panel('<div>Loading plugin panel...</div>')],
      false,
    ],
    ['only some panels are there', Array<string>(5).fill(panel(DATA)), false],
    ['each panel shows its data', Array<string>(6).fill(panel(DATA)), true],
  ])('%s', async (_, panels, isReady) => {
    await page.evaluate(`void (document.body.innerHTML = ${JSON.stringify(panels.join(''))})`);
    expect(await page.evaluate(PANELS_SHOW_DATA)).toBe(isReady);
  });
});
