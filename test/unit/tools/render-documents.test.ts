import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { renderDocument, servedNames } from '../../../tools/docs/render-documents.ts';
import { loadDocuments } from '../../../src/sinks/web/documents.ts';

const NAMES = servedNames();
const render = (markdown: string) => renderDocument(markdown, ['runbook', 'alerting']);
const documents = NAMES.map((name) => ({
  name,
  ...renderDocument(readFileSync(`docs/${name}.md`, 'utf8'), NAMES),
}));

test('the service has every document, and its links lead to headings that exist', async () => {
  const served = loadDocuments();
  expect(served.entries.map(({ name }) => name)).toEqual(NAMES);
  const anchors = new Map(documents.map(({ name, anchors: of }) => [name, of]));
  const broken: string[] = [];
  for (const { name } of documents) {
    const { markup = '' } = (await served.read(name)) ?? {};
    for (const [, target = ''] of markup.matchAll(/href="([^"]*)"/g)) {
      const [, to = name, anchor] = /^(?:\/docs\/([^#]+))?(?:#(.+))?$/.exec(target) ?? [];
      if (/^https?:/.test(target)) continue;
      const isThere = anchors.get(to)?.some((each) => anchor === undefined || each === anchor);
      if (!isThere) broken.push(`${name}: ${target}`);
    }
  }
  expect(broken).toEqual([]);
});

test('no document has scripts, styles or files of others', () => {
  for (const { name, markup } of documents)
    expect(markup, name).not.toMatch(/<(?:script|style|img|iframe|link)\b|\son\w+=|\sstyle=/i);
});

test('every document has a title and a first sentence', () => {
  for (const { name, title, summary } of documents) {
    expect(title, name).toMatch(/^[A-Z][^`[\]]+$/);
    expect(summary, name).toMatch(/^\S[^`[\]]+\.$/);
  }
});

test('a link to another document leads to its page, and to its heading', () => {
  const { markup } = render('[a](runbook.md#mcpserveroffline) [b](alerting.md) [c](#here)');
  expect(markup).toContain('<a href="/docs/runbook#mcpserveroffline">a</a>');
  expect(markup).toContain('<a href="/docs/alerting">b</a>');
  expect(markup).toContain('<a href="#here">c</a>');
});

test('a link to what is not served leads to the repository', () => {
  const base = 'https://github.com/mcp-exporter/mcp-exporter/blob/main';
  const { markup } = render('[a](../src/main.ts) [b](adr/0001-x.md#y)');
  expect(markup).toContain(`<a href="${base}/src/main.ts" rel="noreferrer">a</a>`);
  expect(markup).toContain(`<a href="${base}/docs/adr/0001-x.md#y" rel="noreferrer">b</a>`);
});

test('headings have the anchors that GitHub gives them', () => {
  const { anchors } = render('# A `b_c`: d, e!\n\n## Same\n\n## Same\n');
  expect(anchors).toEqual(['a-b_c-d-e', 'same', 'same-1']);
});

test('what looks like HTML is text', () => {
  const { markup } = render(
    'a <b onclick="x()">c</b> `<i>`\n\n<!-- comment -->\n\n```\n<u>\n```\n',
  );
  expect(markup).not.toMatch(/<b\b|<i>|<u>|comment/);
  expect(markup).toContain('&lt;u&gt;');
});
