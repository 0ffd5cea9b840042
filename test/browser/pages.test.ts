import assert from 'node:assert/strict';
import axe from 'axe-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { REAL_CLOCK } from '../fakes/real-clock.ts';
import { createHttpApp } from '../../src/sinks/web/create-http-app.ts';
import { listen } from '../../src/sinks/web/listen.ts';
import type { HttpAppDeps } from '../../src/sinks/web/ports.ts';
import type { AlertRecord } from '../../src/facts/ports/alert-store.ts';
import { Secret } from '../../src/facts/secret.ts';
import type { Fact } from '../../src/facts/facts.ts';
import type { ServerDetail } from '../../src/facts/ports/server-view.ts';
import { buildAlert } from '../fakes/build-alert.ts';
import {
  buildDetail,
  type FakeHttpDeps,
  fakeHttpDeps,
  NOW_MS,
} from '../unit/sinks/web/fake-http-deps.ts';
import {
  type Browser,
  type BrowserPage,
  findChromium,
  launchChromium,
} from '../../tools/chromium.ts';
import { exampleAlerts, exampleJournal } from './example-alerts.ts';
import { exampleFleet } from './example-fleet.ts';
import { exampleTraffic } from './example-traffic.ts';
import { asEpochMs } from '../../src/facts/time.ts';

// Goal: the pages work in a real browser, with and without JavaScript, on a desk and on a phone, in both themes.
// Method: headless Chromium over the DevTools protocol against the app with fake servers behind it.

const chromium = findChromium();
if (chromium === undefined) {
  assert(process.env['CI'] === undefined, 'Chromium is missing: install it or set CHROMIUM_PATH');
  console.warn('SKIPPED: the browser tests need Chromium; install it or set CHROMIUM_PATH');
}

let browser: Browser;

beforeAll(async () => {
  if (chromium !== undefined) browser = await launchChromium(chromium);
});

afterAll(async () => {
  if (chromium !== undefined) await browser.close();
});

interface Visit {
  readonly page: BrowserPage;
  readonly url: string;
  readonly fake: FakeHttpDeps;
}

/** @returns the port */
async function serve({ deps, stopping }: FakeHttpDeps, port = 0): Promise<number> {
  const listener = await listen(createHttpApp(deps), {
    host: '127.0.0.1',
    port,
    clock: REAL_CLOCK,
  });
  assert(listener.ok);
  let closed: Promise<unknown> | undefined;
  const close = () => (closed ??= listener.close(0));
  stopping.signal.addEventListener('abort', () => void close());
  onTestFinished(async () => {
    stopping.abort();
    await close();
  });
  return listener.port;
}

async function visit(
  details: readonly ServerDetail[],
  overrides: Partial<HttpAppDeps> = {},
): Promise<Visit> {
  const fake = fakeHttpDeps(details, overrides);
  const port = await serve(fake);
  const page = await browser.newPage();
  onTestFinished(() => page.close());
  return { page, fake, url: `http://127.0.0.1:${port}` };
}

/** Puts a server into another status and says so, as the prober does. */
function change({ fake }: Visit, detail: ServerDetail): void {
  const from = fake.servers.get(detail.name)?.status ?? 'unknown';
  fake.servers.set(detail.name, detail);
  const fact: Fact = {
    fact: 'status',
    server: detail.name,
    atMs: asEpochMs(NOW_MS),
    from,
    to: detail.status,
    reason: detail.reason,
  };
  fake.hub.publish(fact);
}

/** With calls and errors too. */
function busyJournal(alerts: readonly AlertRecord[]): ReturnType<typeof exampleJournal> {
  const kept = exampleJournal(fakeHttpDeps().deps, alerts);
  return { ...kept, journal: { ...kept.journal, ...exampleTraffic() } };
}

const FIND_SERIOUS = `axe.run({ resultTypes: ['violations'] }).then(({ violations }) =>
  violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target, html }) => id + ' ' + target + ' ' + html.slice(0, 120))))`;
const NAMES = `[...document.querySelectorAll('[data-rows] tr')].map((row) => row.dataset.key)`;
const IS_LIVE = `document.getElementById('live').textContent === 'Live'`;

describe.skipIf(chromium === undefined)('in Chromium', () => {
  test('the landing page shows a row for each server and no error in the console', async () => {
    const { page, url } = await visit(exampleFleet());
    await page.open(url);
    await page.waitFor(IS_LIVE);
    const names = await page.evaluate<string[]>(NAMES);
    expect(names).toHaveLength(10);
    expect(names[0]).toBe('search');
    expect(page.problems()).toEqual([]);
  });

  test('a hostile name and reason run nothing', async () => {
    const { page, url } = await visit(exampleFleet());
    await page.open(url);
    expect(await page.evaluate('document.title')).toBe('(4) MCP servers – mcp-exporter');
    expect(await page.evaluate(`document.querySelectorAll('img').length`)).toBe(0);
    await page.open(
      `${url}/servers/${encodeURIComponent('<img src=x onerror="document.title=1">')}`,
    );
    expect(await page.evaluate(`document.querySelector('h1 bdi').textContent`)).toContain('<img');
    expect(await page.evaluate(`document.querySelectorAll('img, main script').length`)).toBe(0);
  });

  test('a status change shows without a reload, moves the row up and is announced', async () => {
    const visited = await visit([buildDetail('calm'), buildDetail('files')]);
    const { page, url } = visited;
    await page.open(url);
    await page.waitFor(IS_LIVE);
    await page.evaluate(`window.notReloaded = document.querySelector('[data-key="calm"]')`);
    change(visited, buildDetail('files', { status: 'offline', reason: 'Refused by host.' }));
    await page.waitFor(`document.querySelector('h1').textContent.includes('1 of 2 servers')`);
    expect(await page.evaluate(NAMES)).toEqual(['files', 'calm']);
    expect(
      await page.evaluate(`document.querySelector('[data-key="files"]').textContent`),
    ).toContain('Refused by host.');
    expect(await page.evaluate(`document.querySelector('#toasts .toast p').textContent`)).toMatch(
      /^files is now offline: Refused by host\. /,
    );
    expect(await page.evaluate(`document.querySelector('#toasts a').getAttribute('href')`)).toBe(
      '/servers/files',
    );
    await page.evaluate(`document.querySelector('#toasts button').click()`);
    expect(await page.evaluate(`document.querySelector('#toasts').childElementCount`)).toBe(0);
    expect(await page.evaluate('document.title')).toContain('(1)');
    // The row that did not change is the same element, so focus and selection in it survive.
    expect(
      await page.evaluate(`window.notReloaded === document.querySelector('[data-key="calm"]')`),
    ).toBe(true);
  });

  test('servers that come and go with a reload appear and disappear', async () => {
    const { page, url, fake } = await visit([buildDetail('a'), buildDetail('b'), buildDetail('c')]);
    await page.open(url);
    await page.waitFor(IS_LIVE);
    fake.servers.delete('b');
    fake.servers.set('aa', buildDetail('aa'));
    fake.hub.publish({ fact: 'reload', atMs: asEpochMs(NOW_MS), ok: true, detail: '' });
    await fake.clock.advance(250);
    await page.waitFor(`${NAMES}.join() === 'a,aa,c'`);
  });

  test('the page of a server follows its checks and keeps an opened list open', async () => {
    const visited = await visit(exampleFleet());
    const { page, url } = visited;
    await page.open(`${url}/servers/files?tab=capabilities`);
    await page.waitFor(IS_LIVE);
    await page.evaluate(`document.getElementById('list-resources').open = false`);
    change(visited, {
      ...visited.fake.servers.get('files')!,
      status: 'critical',
      reason: 'tools/list failed.',
    });
    await page.waitFor(`document.querySelector('.why').textContent.includes('tools/list failed.')`);
    expect(await page.evaluate(`document.getElementById('list-resources').open`)).toBe(false);
  });

  test('check now runs both checks and says what came out', async () => {
    const { page, url, fake } = await visit([buildDetail('a/b')]);
    await page.open(`${url}/servers/a%2Fb`);
    await page.evaluate(`document.querySelector('form[data-check] button').click()`);
    await page.waitFor(
      `document.getElementById('action-message').textContent === 'steady: ok, deep: ok'`,
    );
    expect(fake.checked).toHaveLength(2);
  });

  test('check all checks every server and says how many failed', async () => {
    const { page, url, fake } = await visit([buildDetail('calm'), buildDetail('files')]);
    await page.open(url);
    await page.evaluate(`document.querySelector('form[data-check] button').click()`);
    await page.waitFor(
      `document.getElementById('action-message').textContent === '2 servers checked'`,
    );
    expect(fake.checked).toHaveLength(4);
    // One is removed while the other is checked.
    fake.servers.delete('files');
    fake.deps.servers.views = () => [buildDetail('calm'), buildDetail('files')];
    await page.evaluate(`document.querySelector('form[data-check] button').click()`);
    await page.waitFor(
      `document.getElementById('action-message').textContent === '2 servers checked, 1 failed'`,
    );
    expect(page.problems()).toEqual([]);
  });

  test('the chips that sort show only where the columns have no heads', async () => {
    const { page, url } = await visit(exampleFleet(), busyJournal([]));
    const shown = (selector: string) =>
      page.evaluate<boolean>(`document.querySelector('${selector}').checkVisibility()`);
    await page.resize(1440, 844);
    await page.open(url);
    expect([await shown('#sorts'), await shown('.grid thead a')]).toEqual([false, true]);
    await page.resize(390, 844);
    expect(await shown('#sorts')).toBe(true);
  });

  test('check now says when the admin token is wrong, and works with the right one', async () => {
    const { page, url, fake } = await visit([buildDetail('files')], {
      adminToken: new Secret('t0ken'),
    });
    await page.open(`${url}/servers/files`);
    const submit = (token: string) =>
      page.evaluate(
        `(document.getElementById('token').value = ${JSON.stringify(token)}, document.querySelector('form[data-check] button').click())`,
      );
    await submit('wrong');
    await page.waitFor(
      `document.getElementById('action-message').textContent.includes('does not match the configured one')`,
    );
    expect(fake.checked).toEqual([]);
    await submit('t0ken');
    await page.waitFor(
      `document.getElementById('action-message').textContent.includes('steady: ok')`,
    );
  });

  test('a server is disabled with a reason, which is not lost while the page follows, and enabled again', async () => {
    const visited = await visit([buildDetail('files')]);
    const { page, url, fake } = visited;
    const press = (form: string) =>
      page.evaluate(`document.querySelector('form[action$="/${form}"] button').click()`);
    await page.open(`${url}/servers/files`);
    await page.waitFor(IS_LIVE);
    await page.evaluate(`document.getElementById('reason').value = 'moves'`);
    change(visited, buildDetail('files', { status: 'warning', reason: 'slow' }));
    await page.waitFor(`document.querySelector('#verdict').textContent.includes('slow')`);

    await press('disable');
    await page.waitFor(`document.querySelector('form[action$="/enable"]') !== null`);
    expect(fake.disablings.get('files')?.reason).toBe('moves');
    expect(await page.evaluate(`document.querySelector('form[data-check]') === null`)).toBe(true);
    await press('enable');

    await page.waitFor(`document.querySelector('form[action$="/disable"]') !== null`);
    expect(fake.disablings.size).toBe(0);
    expect(page.problems()).toEqual([]);
  });

  test('charts are drawn from their table, follow arrow keys and the width, and are drawn anew with the page', async () => {
    const visited = await visit(exampleFleet(), busyJournal([]));
    const { page, url } = visited;
    await page.resize(1440, 844);
    await page.open(`${url}/servers/files`);
    const drawn = `document.querySelectorAll('.graph canvas')`;
    await page.waitFor(`${drawn}.length === 3`);
    const width = () => page.evaluate<number>(`${drawn}[0].clientWidth`);
    expect(await width()).toBeGreaterThan(1_000);
    await page.evaluate(`document.querySelector('.graph [tabindex]').focus()`);
    await page.press('ArrowRight');
    await page.press('ArrowRight');
    // The second row of the table, in all three charts.
    const second = await page.evaluate<string>(
      `document.querySelectorAll('#chart-values tbody time')[1].textContent`,
    );
    await page.waitFor(
      `[...document.querySelectorAll('.graph-tip:not([hidden])')].filter((tip) => tip.textContent.startsWith('${second}')).length === 3`,
    );
    await page.resize(390, 844);
    await page.waitFor(`${drawn}[0].clientWidth < 390`);
    visited.fake.deps.journal.chartCalls = async () => [];
    await page.waitFor(IS_LIVE);
    change(visited, { ...visited.fake.servers.get('files')!, status: 'warning', reason: 'slow' });
    await page.waitFor(`document.querySelector('#history').textContent.includes('No requests')`);
    await page.waitFor(`${drawn}.length === 2`);
    expect(page.problems()).toEqual([]);
  });

  test('without JavaScript there is a plain table, links as filters, a form that checks, and a refresh', async () => {
    const { page, url, fake } = await visit(exampleFleet());
    await page.setScriptEnabled(false);
    await page.open(`${url}/?status=healthy`);
    expect(await page.evaluate(NAMES)).toHaveLength(4);
    expect(
      await page.evaluate(
        `document.querySelector('noscript meta, meta[http-equiv=refresh]') !== null`,
      ),
    ).toBe(true);
    await page.open(`${url}/servers/files`);
    await page.evaluate(`document.querySelector('form[data-check]').submit()`);
    await expect.poll(() => fake.checked.length).toBe(2);
    await page.waitFor(
      `location.pathname === '/servers/files' && document.readyState === 'complete'`,
    );
  });

  test('typing into the search narrows the rows and the address', async () => {
    const { page, url } = await visit(exampleFleet());
    await page.open(url);
    await page.waitFor(IS_LIVE);
    await page.evaluate(
      `{ const box = document.getElementById('search'); box.value = 'git'; box.dispatchEvent(new Event('input', { bubbles: true })) }`,
    );
    await page.waitFor(`${NAMES}.join() === 'github'`);
    expect(await page.evaluate('location.search')).toBe('?search=git');
  });

  test('a banner says that the exporter is gone, and the page goes on by itself when it is back', async () => {
    const { page, url, fake } = await visit([buildDetail('files')]);
    await page.open(url);
    await page.waitFor(IS_LIVE);
    await page.evaluate(`window.notReloaded = true`);
    fake.stopping.abort();
    await page.waitFor(`document.getElementById('live').textContent === 'Reconnecting'`);
    expect(await page.evaluate(`document.getElementById('gone').hidden`)).toBe(true);
    await page.waitFor(`!document.getElementById('gone').hidden`);
    expect(await page.evaluate(`document.getElementById('gone').textContent`)).toMatch(
      /^The exporter does not answer\. /,
    );
    expect(await page.evaluate(`getComputedStyle(document.querySelector('main')).filter`)).toBe(
      'grayscale(1)',
    );

    const offline = buildDetail('files', { status: 'offline', reason: 'Refused by host.' });
    await serve(fakeHttpDeps([offline]), Number(new URL(url).port));
    await page.waitFor(`document.getElementById('gone').hidden`);
    await page.waitFor(`document.querySelector('h1').textContent.includes('needs attention')`);
    expect(await page.evaluate('window.notReloaded')).toBe(true);
  });

  test('live updates can be switched off and on by keyboard, and the browser remembers it', async () => {
    const visited = await visit([buildDetail('calm'), buildDetail('files')]);
    const { page, url } = visited;
    const isState = (text: string, isOn: boolean) =>
      page.waitFor(
        `document.getElementById('live').textContent === '${text}' && document.getElementById('live').getAttribute('aria-checked') === '${isOn}'`,
      );
    await page.open(url);
    await isState('Live', true);
    await page.evaluate(`document.getElementById('live').focus()`);
    await page.press('Enter');
    await isState('Paused', false);
    change(visited, buildDetail('files', { status: 'offline', reason: 'Refused by host.' }));
    await page.open(`${url}/servers/files`);
    await isState('Paused', false);
    await page.open(url);
    await isState('Paused', false);
    change(visited, buildDetail('calm', { status: 'offline', reason: 'Refused by host.' }));
    await page.evaluate(`document.getElementById('live').focus()`);
    await page.press(' ');
    await isState('Live', true);
    await page.waitFor(`document.querySelector('h1').textContent.includes('2 servers')`);
    expect(await page.evaluate(`localStorage.length`)).toBe(0);
  });

  test('times are those of the reader, with UTC as title', async () => {
    const { page, url } = await visit(exampleFleet(), busyJournal([]));
    await page.setTimeZone('Asia/Kolkata');
    await page.open(`${url}/audit`);
    await page.waitFor(
      `document.getElementById('zone').textContent.includes('Asia/Calcutta') || document.getElementById('zone').textContent.includes('Asia/Kolkata')`,
    );
    const [clock, title] = await page.evaluate<string[]>(
      `(({ textContent, title }) => [textContent, title])(document.querySelector('.clock time'))`,
    );
    expect(title).toBe('2026-11-21 09:14:56 UTC');
    expect(clock).toBe('14:44:56');
    expect(await page.evaluate(`document.querySelector('time[data-form=ago]').title`)).toBe(
      '2026-11-21 14:44:56 (2026-11-21 09:14:56 UTC)',
    );
  });

  test('an alert that fires shows without a reload, and one that is over moves to the history', async () => {
    const alerts: AlertRecord[] = [];
    const { page, url, fake } = await visit(
      exampleFleet(),
      exampleJournal(fakeHttpDeps().deps, alerts),
    );
    await page.open(`${url}/alerts`);
    await page.waitFor(IS_LIVE);
    expect(await page.evaluate(`document.querySelector('h1').textContent`)).toBe(
      'No alerts firing',
    );
    await page.evaluate(`window.notReloaded = true`);
    const [alert] = exampleAlerts().firing;
    assert(alert);
    alerts.push(alert);
    fake.hub.publish(buildAlert());
    await fake.clock.advance(250);
    await page.waitFor(`document.querySelector('#firing tbody tr') !== null`);
    expect(await page.evaluate('document.title')).toContain('(1)');
    alerts[0] = { ...alert, endsAtMs: asEpochMs(NOW_MS) };
    fake.hub.publish(buildAlert({ endsAtMs: asEpochMs(NOW_MS) }));
    await fake.clock.advance(250);
    await page.waitFor(`document.querySelector('#history tbody tr') !== null`);
    expect(await page.evaluate(`document.querySelector('#firing tbody tr') === null`)).toBe(true);
    expect(await page.evaluate('window.notReloaded')).toBe(true);
    expect(page.problems()).toEqual([]);
  });

  test('without JavaScript alerts can be filtered and noted, and a note that is being written is not lost', async () => {
    const notes: string[] = [];
    const { deps } = fakeHttpDeps();
    const journal = exampleJournal(deps, exampleAlerts().firing);
    const addAction = async ({ text }: { text: string }) => notes.push(text) > 0;
    const { page, url } = await visit(exampleFleet(), {
      ...journal,
      alerts: { ...journal.alerts, addAction },
    });
    await page.setScriptEnabled(false);
    await page.open(`${url}/alerts`);
    await page.evaluate(`document.getElementById('server').value = 'billing'`);
    await page.evaluate(`document.querySelector('form.fields').requestSubmit()`);
    await page.waitFor(`location.search.includes('server=billing')`);
    await page.waitFor(`document.querySelectorAll('#firing tbody tr').length === 1`);
    await page.open(`${url}/alerts/12`);
    expect(await page.evaluate(`document.querySelector('meta[http-equiv=refresh]')`)).toBeNull();
    await page.evaluate(`document.getElementById('text').value = 'restarted it'`);
    await page.evaluate(`document.querySelector('form.note').requestSubmit()`);
    await expect.poll(() => notes).toEqual(['restarted it']);
  });

  test('the page of an alert shows its labels, though they lead nowhere', async () => {
    const { firing } = exampleAlerts();
    const { page, url } = await visit(exampleFleet(), exampleJournal(fakeHttpDeps().deps, firing));
    await page.open(`${url}/alerts/12`);
    expect(await page.evaluate(`document.querySelector('section#labels').checkVisibility()`)).toBe(
      true,
    );
  });

  test('hostile texts of alerts run nothing', async () => {
    const { firing } = exampleAlerts();
    const { page, url } = await visit(exampleFleet(), exampleJournal(fakeHttpDeps().deps, firing));
    for (const path of ['/alerts', '/alerts/10']) {
      await page.open(url + path);
      expect(await page.evaluate(`document.querySelectorAll('img, main script').length`)).toBe(0);
      expect(await page.evaluate('document.title')).toMatch(/mcp-exporter$/);
    }
  });

  test('the slowest tool and the client with the highest cost are two clicks away, without JavaScript', async () => {
    const { page, url } = await visit(exampleFleet(), exampleJournal(fakeHttpDeps().deps, []));
    const click = async (selector: string) => {
      const element = `document.querySelector(${JSON.stringify(selector)})`;
      await page.waitFor(element);
      await page.evaluate(`${element}.click()`);
    };
    const first = `document.querySelector('.calls tbody th')?.textContent.trim()`;
    await page.setScriptEnabled(false);
    await page.open(url);
    await click('tr[data-key="files"] a');
    await click('.tabs a[href$="tab=tools"]');
    await page.waitFor(`${first} === 'search_files'`);
    await click('.tabs a[href$="tab=clients"]');
    await page.waitFor(`${first} === 'claude-code'`);
    expect(await page.evaluate(`document.querySelectorAll('img').length`)).toBe(0);
    expect(page.problems()).toEqual([]);
  });

  test('without JavaScript a spike leads to its errors, and one of them to its sample and its calls', async () => {
    const { page, url } = await visit(exampleFleet(), busyJournal([]));
    await page.setScriptEnabled(false);
    const follow = async (selector: string, path: string) => {
      const link = `document.querySelector(${JSON.stringify(selector)})`;
      await page.waitFor(link);
      const href = await page.evaluate<string>(`${link}.getAttribute('href')`);
      expect(href.startsWith(path), href).toBe(true);
      await page.open(new URL(href, url).href);
    };
    await page.open(`${url}/errors`);
    await follow('.traffic a:has(.fill-offline)', '/errors?from=');
    expect(
      await page.evaluate(`document.querySelector('#alike a[href="/errors/1"]') !== null`),
    ).toBe(true);
    await follow('#groups th a', '/errors/4');
    expect(await page.evaluate(`document.querySelector('#samples').textContent`)).toContain(
      'read.js:12:3',
    );
    await follow('.links a', '/audit?error_group=4');
    expect(await page.evaluate(`document.querySelectorAll('img, main script').length`)).toBe(0);
    expect(page.problems()).toEqual([]);
  });

  test('a maintenance window is planned and cancelled by keyboard and without JavaScript', async () => {
    const { page, url, fake } = await visit(exampleFleet());
    await page.setScriptEnabled(false);
    await page.open(`${url}/maintenance`);
    await page.evaluate(`document.querySelector('#once-servers option[value=search]').selected = true;
      document.querySelector('#once-duration').value = '2h';
      document.querySelector('#once-reason').focus()`);
    await page.press('Tab');
    await page.press('Tab');
    await page.press('Enter');
    await page.waitFor(`document.querySelector('#current')?.textContent.includes('search')`);
    expect(fake.deps.maintenance.windows()).toMatchObject([{ window: { servers: ['search'] } }]);
    await page.open(`${url}/servers/search`);
    await page.waitFor(
      `document.querySelector('.maintenance')?.textContent.includes('In maintenance')`,
    );

    await page.open(`${url}/maintenance`);
    await page.waitFor(`document.querySelector('#current summary')`);
    await page.evaluate(`document.querySelector('#current summary').focus()`);
    await page.press('Enter');
    await page.press('Tab');
    await page.press('Tab');
    await page.press('Enter');
    await page.waitFor(`document.querySelector('#current')?.textContent.includes('No window')`);
    expect(fake.deps.maintenance.windows()).toEqual([]);
    expect(page.problems()).toEqual([]);
  });

  const PATHS = [
    '/',
    '/alerts',
    '/alerts/12',
    '/alerts/10',
    '/audit',
    '/errors',
    '/errors?from=2026-11-21T08:50:00Z&to=2026-11-21T08:55:00Z',
    '/errors/4',
    '/maintenance',
    '/servers/search/log',
    '/servers/files',
    '/servers/search',
    '/servers/files?tab=tools',
    '/servers/files?tab=clients',
    '/servers/files?tab=timeline',
    '/servers/files?tab=capabilities',
    '/servers/files?tab=settings',
    '/servers/warehouse',
    '/servers/brand-new',
    '/docs',
    '/servers/nobody',
  ];
  const LOOKS = [1440, 390].flatMap((width) =>
    (['light', 'dark'] as const).map((scheme) => [width, scheme] as const),
  );

  test.each(LOOKS)(
    'no page is wider than a screen of %i px in the %s theme',
    async (width, scheme) => {
      const { firing, history } = exampleAlerts();
      const { page, url } = await visit(exampleFleet(), busyJournal([...firing, ...history]));
      await page.resize(width, 844);
      await page.setColorScheme(scheme);
      const overflows: Record<string, number> = {};
      const grounds = new Set<string>();
      for (const path of PATHS) {
        await page.open(url + path);
        overflows[path] = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        grounds.add(await page.evaluate('getComputedStyle(document.body).backgroundColor'));
      }
      expect(
        Object.values(overflows).every((px) => px <= 0),
        JSON.stringify(overflows),
      ).toBe(true);
      expect([...grounds]).toEqual([scheme === 'light' ? 'rgb(246, 247, 248)' : 'rgb(14, 19, 24)']);
    },
  );

  test.each([
    [
      1440,
      'light',
      [
        '/',
        '/alerts',
        '/audit',
        '/docs',
        '/errors',
        '/servers/warehouse',
        '/servers/files?tab=timeline',
        '/servers/files?tab=capabilities',
        '/servers/files?tab=settings',
      ],
    ],
    [390, 'dark', ['/', '/servers/files', '/servers/files?tab=tools']],
  ] as const)(
    'axe finds nothing serious at %i px in the %s theme',
    async (width, scheme, paths) => {
      const { firing, history } = exampleAlerts();
      const { page, url } = await visit(exampleFleet(), busyJournal([...firing, ...history]));
      await page.resize(width, 844);
      await page.setColorScheme(scheme);
      const findings: string[] = [];
      for (const path of paths) {
        await page.open(url + path);
        await page.evaluate(`${axe.source}; undefined`);
        const found = await page.evaluate<readonly string[]>(FIND_SERIOUS);
        findings.push(...found.map((finding) => `${path} ${finding}`));
      }
      expect(findings).toEqual([]);
    },
  );

  test('every control and every column of the grid has a name for assistive technology', async () => {
    const { page, url } = await visit(exampleFleet(), {
      ...busyJournal(exampleAlerts().firing),
      adminToken: new Secret('t0ken'),
    });
    const paths = [
      '/',
      '/servers/files',
      '/servers/files?tab=tools',
      '/servers/files?tab=clients',
      '/servers/files?tab=timeline',
      '/alerts',
      '/alerts/12',
      '/audit',
      '/errors',
      '/errors/4',
      '/maintenance',
      '/servers/files/log',
    ];
    for (const path of paths) {
      await page.open(url + path);
      const nameless = await page.evaluate<string[]>(`
      [...document.querySelectorAll('input:not([type=hidden]), select, textarea, button, a, th')]
        .filter((element) => !(element.textContent.trim() || element.getAttribute('aria-label') || element.labels?.length))
        .map((element) => element.outerHTML)`);
      expect(nameless).toEqual([]);
    }
  });
});
