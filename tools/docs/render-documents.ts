import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { Marked, type RendererObject, type Tokens } from 'marked';

const SOURCES = 'docs';
/** Beside the other files of the pages, so that they get into the package with them. */
const TARGET = 'src/sinks/web/assets/docs';
const REPOSITORY = 'https://github.com/mcp-exporter/mcp-exporter/blob/main/';
/** About the source code, which those who read the served documents need not have. */
const UNSERVED = ['architecture.md', 'demo-history.md'];

/** A document of `docs/` as the service shows it. */
export interface RenderedDocument {
  readonly title: string;
  /** Its first sentence, as text. */
  readonly summary: string;
  /** Content of the page, without scripts and styles. */
  readonly markup: string;
  /** Ids of its headings. */
  readonly anchors: readonly string[];
}

/** Content by path of each file that the service reads to show the documents without the internet. */
export function renderDocuments(): Readonly<Record<string, () => string>> {
  const names = servedNames();
  const files = names.map((name) => [`${TARGET}/${name}.html`, () => read(name).markup] as const);
  const index = (): string => {
    const entries = names.map((name) => {
      const { title, summary } = read(name);
      return { name, title, summary };
    });
    return `${JSON.stringify(entries, undefined, 2)}\n`;
  };
  return { ...Object.fromEntries(files), [`${TARGET}/index.json`]: index };
}

/** Names of the documents that the service shows, without their ending. */
export function servedNames(): readonly string[] {
  return readdirSync(SOURCES)
    .filter((file) => file.endsWith('.md') && !UNSERVED.includes(file))
    .map((file) => file.slice(0, -'.md'.length))
    .toSorted();
}

function read(name: string): RenderedDocument {
  return renderDocument(readFileSync(`${SOURCES}/${name}.md`, 'utf8'), servedNames());
}

/** @param served names of the documents that links may lead to; others lead to the repository */
export function renderDocument(markdown: string, served: readonly string[]): RenderedDocument {
  const anchors: string[] = [];
  const sections: Section[] = [];
  const marked = new Marked({ gfm: true, renderer: createRenderer(served, anchors, sections) });
  const tokens = marked.lexer(markdown);
  const title = tokens.find((token) => token.type === 'heading') as Tokens.Heading | undefined;
  const first = tokens.find((token) => token.type === 'paragraph') as Tokens.Paragraph | undefined;
  const body = marked.parser(tokens);
  return {
    title: plain(title?.text ?? ''),
    summary: firstSentence(plain(first?.text ?? '')),
    markup: `${withContents(body, sections)}\n`,
    anchors,
  };
}

interface Section {
  readonly depth: number;
  readonly anchor: string;
  /** Markup. */
  readonly words: string;
}

function createRenderer(
  served: readonly string[],
  anchors: string[],
  sections: Section[],
): RendererObject {
  return {
    heading({ tokens, depth, text }) {
      const words = this.parser.parseInline(tokens);
      const anchor = uniqueAnchor(plain(text), anchors);
      anchors.push(anchor);
      if (depth === 1) return `<h1 id="${anchor}">${words}</h1>\n`;
      if (depth <= 3) sections.push({ depth, anchor, words: words.replaceAll(/<\/?a[^>]*>/g, '') });
      return `<h${depth} id="${anchor}"><a class="anchor" href="#${anchor}">${words}</a></h${depth}>\n`;
    },
    link({ href, tokens }) {
      const words = this.parser.parseInline(tokens);
      const target = linkTarget(href, served);
      const isOutside = /^https?:/.test(target);
      return `<a href="${escape(target)}"${isOutside ? ' rel="noreferrer"' : ''}>${words}</a>`;
    },
    code({ text }: Tokens.Code) {
      return `<pre tabindex="0"><code>${escape(text)}</code></pre>\n`;
    },
    table(token) {
      const row = (cells: readonly Tokens.TableCell[], name: string): string =>
        `<tr>${cells.map(({ tokens }) => `<${name}>${this.parser.parseInline(tokens)}</${name}>`).join('')}</tr>`;
      const rows = token.rows.map((cells) => row(cells, 'td')).join('\n');
      return `<div class="scroll" tabindex="0"><table>\n<thead>${row(token.header, 'th')}</thead>\n<tbody>\n${rows}\n</tbody></table></div>\n`;
    },
    // Comments only: the documents have no other HTML, and what looks like it is text.
    html: ({ text }) => (text.startsWith('<!--') ? '' : escape(text)),
    image({ href, text }) {
      return `<a href="${escape(linkTarget(href, served))}" rel="noreferrer">${escape(text)}</a>`;
    },
  };
}

/** Where a link of a document leads when the service shows it. */
function linkTarget(href: string, served: readonly string[]): string {
  if (/^(?:[a-z]+:|#)/.test(href)) return href;
  const [path = '', anchor] = href.split('#');
  const name = /^([a-z-]+)\.md$/.exec(path)?.[1];
  const ending = anchor === undefined ? '' : `#${anchor}`;
  if (name !== undefined && served.includes(name)) return `/docs/${name}${ending}`;
  return REPOSITORY + posix.join(SOURCES, path) + ending;
}

/** As GitHub makes them, so that a link is right in both places. */
function uniqueAnchor(words: string, taken: readonly string[]): string {
  const anchor = words
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\-_ ]/gu, '')
    .replaceAll(' ', '-');
  if (!taken.includes(anchor)) return anchor;
  let count = 1;
  while (taken.includes(`${anchor}-${count}`)) count += 1;
  return `${anchor}-${count}`;
}

/** The sections after the title, for documents that are long enough. */
function withContents(body: string, sections: readonly Section[]): string {
  if (sections.length < 4) return body;
  const items = sections.map(
    ({ depth, anchor, words }) =>
      `<li class="depth-${depth}"><a href="#${anchor}">${words}</a></li>`,
  );
  const contents = `<details class="contents"><summary>Contents</summary>\n<ul>\n${items.join('\n')}\n</ul></details>\n`;
  return body.replace('</h1>\n', `</h1>\n${contents}`);
}

function firstSentence(text: string): string {
  return /^.*?(?:\.(?= |$)|:$)/.exec(text)?.[0].replace(/:$/, '.') ?? '';
}

/** Markdown of one line as text. */
function plain(markdown: string): string {
  return markdown
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/<(https?:[^>]*)>/g, '$1')
    .replaceAll(/[`*]/g, '')
    .replaceAll(/(?<!\w)_|_(?!\w)/g, '')
    .replaceAll(/\s+/g, ' ');
}

const ESCAPED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

function escape(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => ESCAPED[character] ?? character);
}
