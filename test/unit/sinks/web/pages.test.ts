import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Secret } from '../../../../src/facts/secret.ts';
import { escapeHtml, html } from '../../../../src/sinks/web/html.ts';
import {
  buildDetail,
  buildReport,
  buildUncheckedDetail,
  fakeHttpDeps,
  NOW_MS,
} from './fake-http-deps.ts';
import { collapse, serveApp } from './serve-app.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';

const ATTACK = `<script>alert(1)</script>" onload='x' &amp;`;

/** Every text of a server that is shown somewhere, hostile. */
function hostileDetail() {
  const report = buildReport({
    outcome: 'rpc_error',
    detail: ATTACK,
    steps: [{ name: ATTACK, ok: false, durationMs: 1, detail: ATTACK }],
  });
  return buildDetail(ATTACK, {
    endpoint: ATTACK,
    source: ATTACK,
    labels: { team: ATTACK },
    reason: ATTACK,
    status: 'warning',
    identity: {
      transport: 'http',
      era: 'modern',
      protocolVersion: ATTACK,
      implementation: ATTACK,
      version: ATTACK,
    },
    snapshot: {
      takenAtMs: asEpochMs(NOW_MS),
      lists: {
        tools: { bytes: 1, definitions: [{ name: ATTACK, description: ATTACK, hash: 'a' }] },
      },
    },
    lastReport: report,
    lastDeepReport: buildReport({ kind: 'deep', detail: ATTACK }),
    recentChecks: [report],
    recentFailures: [report],
    statusChanges: [{ atMs: asEpochMs(NOW_MS), from: 'healthy', to: 'warning', reason: ATTACK }],
  });
}

test.each([
  ['the landing page', '/'],
  ['the landing page under a hostile search', `/?search=${encodeURIComponent(ATTACK)}`],
  ['the landing page in groups', '/?group=team'],
  ['the landing page under a hostile filter', `/?label=team=${encodeURIComponent(ATTACK)}`],
  ['the page of the server', `/servers/${encodeURIComponent(ATTACK)}`],
  ['the page for an unknown name', `/servers/${encodeURIComponent(`${ATTACK}?`)}`],
])('%s shows hostile texts as texts', async (_case, path) => {
  const app = await serveApp(fakeHttpDeps([hostileDetail()]).deps);
  const { body } = await app.call(path, { headers: { accept: 'text/html' } });
  expect(body).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(body).not.toContain('<script>alert');
  expect(body).not.toMatch(/" onload=/);
  expect(body).not.toMatch(/\sstyle=|<style|\son[a-z]+=["'(]/);
});

test.each([
  [false, true],
  [true, false],
  [undefined, false],
])(
  'with isTlsVerified %s the page of a server has the mark: %s',
  async (isTlsVerified, isMarked) => {
    const detail = buildDetail('a', { ...(isTlsVerified !== undefined && { isTlsVerified }) });
    const app = await serveApp(fakeHttpDeps([detail]).deps);
    const { body } = await app.call('/servers/a', { headers: { accept: 'text/html' } });
    expect(body.includes('Certificate not verified')).toBe(isMarked);
    const api = JSON.parse((await app.call('/api/v1/mcp/servers/a')).body) as Record<
      string,
      unknown
    >;
    expect(api['tls_verified']).toBe(isTlsVerified);
  },
);

test('a hostile Host header is a text on the docs page', async () => {
  const app = await serveApp(fakeHttpDeps([], { listenHost: '0.0.0.0' }).deps);
  const { body } = await app.call('/docs', { headers: { host: '"><script>x</script>' } });
  expect(body).not.toContain('<script>x');
});

test('the landing page lists the worst first, then by name', async () => {
  const app = await serveApp(
    fakeHttpDeps([
      buildDetail('b-fine'),
      buildUncheckedDetail('parked', 'disabled'),
      buildDetail('slow', { status: 'warning' }),
      buildDetail('gone', { status: 'offline' }),
      buildDetail('a-fine'),
      buildDetail('broken', { status: 'critical' }),
      buildUncheckedDetail('new', 'unknown'),
    ]).deps,
  );
  const { body } = await app.call('/');
  const names = [...body.matchAll(/data-key="([^"]+)"/g)].map((match) => match[1]);
  expect(names).toEqual(['gone', 'broken', 'slow', 'new', 'a-fine', 'b-fine', 'parked']);
  expect(body).toContain('3 of 6 servers need attention');
});

test.each([
  ['offline', true],
  ['critical', true],
  ['warning', true],
  ['healthy', false],
  ['disabled', false],
] as const)(
  'the reason of a server that is %s links to its page of the runbook: %s',
  async (status, isLinked) => {
    const detail = buildDetail('a', { status, reason: 'Because.' });
    const app = await serveApp(fakeHttpDeps([detail]).deps);
    const { body } = await app.call('/');
    expect(body.includes(`href="/docs/runbook#mcpserver${status}"`)).toBe(isLinked);
    if (!isLinked) return;
    const runbook = await app.call('/docs/runbook');
    expect(runbook.body).toContain(`id="mcpserver${status}"`);
  },
);

const OWNED = [
  buildDetail('files', { labels: { environment: 'production', team: 'search & "find"' } }),
  buildDetail('mail', { labels: { team: 'office' }, status: 'offline' }),
  buildDetail('index', { labels: { team: 'search & "find"' }, status: 'warning' }),
  buildDetail('tests'),
];

test('the grid can be grouped by a label: groups by value, servers without it last, the worst first in each', async () => {
  const app = await serveApp(fakeHttpDeps(OWNED).deps);
  const { body } = await app.call('/?group=team');
  const keys = [...body.matchAll(/data-key="([^"]+)"/g)].map((match) => match[1]);
  expect(keys).toEqual([
    ' office',
    'mail',
    ' search &amp; &quot;find&quot;',
    'index',
    'files',
    ' ',
    'tests',
  ]);
  expect(collapse(body)).toContain('<a class="chip" href="/?group=team" aria-current="true" >team');
  expect(body).toContain('No team');
});

test('a filter by label keeps everything else of the address, and can be removed', async () => {
  const app = await serveApp(fakeHttpDeps(OWNED).deps);
  const { body } = await app.call('/?label=team%3Doffice&search=mail&group=team');
  const names = [...body.matchAll(/data-key="(\S[^"]*)"/g)].map((match) => match[1]);
  expect(names).toEqual(['mail']);
  expect(body).toContain('href="/?search=mail&amp;group=team"');
  expect(body).toContain(
    'href="/?status=offline&amp;label=team%3Doffice&amp;search=mail&amp;group=team"',
  );
  expect(body).toContain('<input type="hidden" name="label" value="team=office" />');
  expect(body).toContain('<input type="hidden" name="group" value="team" />');
});

test('the page of a server has its labels, each with a link to the servers that share it', async () => {
  const app = await serveApp(fakeHttpDeps(OWNED).deps);
  const { body } = await app.call('/servers/files');
  expect(collapse(body)).toContain(
    'href="/?label=team%3Dsearch+%26+%22find%22" >team: <bdi>search &amp; &quot;find&quot;</bdi>',
  );
});

test('without labels the start page offers neither groups nor filters by label', async () => {
  const app = await serveApp(fakeHttpDeps([buildDetail('a')]).deps);
  const { body } = await app.call('/');
  expect(body).not.toContain('Group by');
  // Nothing inside, so that the style sheet hides it.
  expect(body).toMatch(/<nav id="labels"[^>]*>\s*<\/nav>/);
});

test.each([
  ['All 2 servers are healthy', [buildDetail('a'), buildDetail('b')]],
  ['The server is healthy', [buildDetail('a')]],
  ['The server needs attention', [buildDetail('a', { status: 'offline' })]],
  ['1 of 2 servers needs attention', [buildDetail('a', { status: 'offline' }), buildDetail('b')]],
  ['Waiting for the first checks', [buildUncheckedDetail('a', 'unknown')]],
  ['1 of 2 servers are healthy', [buildDetail('a'), buildUncheckedDetail('b', 'unknown')]],
  ['The only server is disabled', [buildUncheckedDetail('a', 'disabled')]],
  ['No MCP server is configured yet', []],
])('the landing page says "%s" when that is so', async (sentence, details) => {
  const app = await serveApp(fakeHttpDeps(details).deps);
  expect(collapse((await app.call('/')).body)).toContain(sentence);
});

test('the landing page filters by status and search, keeps both in its links, and says when nothing matches', async () => {
  const app = await serveApp(
    fakeHttpDeps([buildDetail('files'), buildDetail('mail', { status: 'offline' })]).deps,
  );
  const { body } = await app.call('/?status=offline&search=ma');
  expect([...body.matchAll(/data-key="([^"]+)"/g)].map((match) => match[1])).toEqual(['mail']);
  expect(body).toContain('href="/?status=healthy&amp;search=ma"');
  expect((await app.call('/?search=nobody')).body).toContain('No server matches');
});

test('the landing page says why a server is not healthy, and when the network or the configuration is at fault', async () => {
  const { deps } = fakeHttpDeps([
    buildDetail('gone', { status: 'offline', reason: 'Refused by host.' }),
  ]);
  const app = await serveApp({
    ...deps,
    servers: { ...deps.servers, connectivitySuspected: () => true, isLate: () => true },
    config: {
      ...deps.config,
      status: () => ({ lastReloadSuccessful: false, message: 'a.yml:3:1 wrong' }),
    },
  });
  const { body } = await app.call('/');
  expect(body).toContain('Refused by host.');
  expect(collapse(body)).toContain('The network of this exporter is the likely cause');
  expect(collapse(body)).toContain('The exporter itself is late with its checks');
  expect(body).toContain('a.yml:3:1 wrong');
});

test('times are relative with the absolute one in UTC as title', async () => {
  const app = await serveApp(fakeHttpDeps([buildDetail('files')]).deps);
  const { body } = await app.call('/');
  expect(body).toMatch(
    /<time\s+datetime="2026-11-21T09:14:56.000Z"\s+title="2026-11-21 09:14:56 UTC"\s+data-form="ago"\s*>4 s ago<\/time/,
  );
});

test.each([
  ['unknown', 'No check has finished yet.', true],
  ['disabled', 'This server is disabled and is not checked.', false],
] as const)(
  'the page of a server that is %s and was never checked says so',
  async (status, text, hasButton) => {
    const app = await serveApp(fakeHttpDeps([buildUncheckedDetail('new', status)]).deps);
    const answer = await app.call('/servers/new');
    expect(answer.status).toBe(200);
    expect(collapse(answer.body)).toContain(text);
    expect(answer.body.includes('Check now')).toBe(hasButton);
  },
);

test.each([
  ['refused where the check succeeded all the same', 'ok', 'refused'],
  ['failed where it ended the check', 'rpc_error', 'failed'],
] as const)('a step that was not ok is marked as %s', async (_case, outcome, word) => {
  const steps = [{ name: 'server/discover', ok: false, durationMs: 1, detail: '-32601' }];
  const lastReport = buildReport({ outcome, steps });
  const app = await serveApp(fakeHttpDeps([buildDetail('files', { lastReport })]).deps);
  const { body } = await app.call('/servers/files');
  expect(collapse(body)).toContain(`<span class="unseen">${word}</span>`);
});

test('the page of an unknown server is a 404 page with a way back', async () => {
  const app = await serveApp(fakeHttpDeps().deps);
  const answer = await app.call('/servers/no%20body', { headers: { accept: 'text/html' } });
  expect(answer.status).toBe(404);
  expect(answer.body).toContain('No server named no body is configured.');
  expect(answer.body).toContain('href="/"');
});

test('a thousand and one servers make a page of a thousand rows that says so', async () => {
  const details = Array.from({ length: 1_001 }, (_, index) => buildDetail(`s${index}`));
  const app = await serveApp(fakeHttpDeps(details).deps);
  const { body } = await app.call('/');
  expect(body.match(/data-key=/g)).toHaveLength(1_000);
  expect(collapse(body)).toContain('The first 1,000 of 1,001 servers are shown');
});

test('the template escapes what is put in, lists too, and leaves out what is not there', () => {
  expect(html`<p title="${'"'}">${['<', html`<hr />`]}${undefined}${false}${0}</p>`.markup).toBe(
    '<p title="&quot;">&lt;<hr />0</p>',
  );
});

test('controls and marks that turn text around become visible', () => {
  expect(escapeHtml('a\u0000b\u202ec\u2066d\te\n')).toBe('a\ufffdb\ufffdc\ufffdd\te\n');
});

const STYLE = readFileSync(
  new URL('../../../../src/sinks/web/assets/style.css', import.meta.url),
  'utf8',
);

/** The colours of a theme as they stand in the stylesheet. */
function readTheme(block: string): Map<string, string> {
  return new Map(
    [...block.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name!, value!]),
  );
}

/** Relative luminance and contrast by WCAG 2.2. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string): number => {
    const [red, green, blue] = [1, 3, 5].map((at) => {
      const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
      return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  };
  const [low, high] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (high! + 0.05) / (low! + 0.05);
}

test.each([
  ['light', 0],
  ['dark', 1],
])('every text colour of the %s theme has AA contrast on every background', (_theme, index) => {
  const blocks = [...STYLE.matchAll(/:root \{([^}]+)\}/g)].map((match) => match[1] ?? '');
  const theme = readTheme(blocks[index] ?? '');
  const texts = [
    'text',
    'muted',
    'accent',
    'healthy',
    'warning',
    'critical',
    'offline',
    'disabled',
    'unknown',
  ];
  for (const text of texts) {
    for (const ground of ['page', 'surface', 'sunken']) {
      const ratio = contrast(theme.get(text)!, theme.get(ground)!);
      expect(ratio, `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    }
  }
});

test('a server that is checked can be disabled on its page, and one that was disabled by hand enabled', async () => {
  const fake = fakeHttpDeps([buildDetail('a b'), buildUncheckedDetail('parked', 'disabled')], {
    adminToken: new Secret('t0ken'),
  });
  fake.disablings.set('parked', {
    server: 'parked',
    atMs: asEpochMs(NOW_MS),
    by: 'ann',
    reason: 'moves',
  });
  const app = await serveApp(fake.deps);

  const running = await app.call('/servers/a%20b');
  const parked = await app.call('/servers/parked');

  expect(running.body).toContain('action="/servers/a%20b/disable"');
  expect(running.body).not.toContain('/enable"');
  expect(running.body).toContain('id="disable-token"');
  expect(parked.body).toContain('action="/servers/parked/enable"');
  expect(parked.body).not.toContain('/disable"');
  expect(parked.body).not.toContain('Check now');
});
