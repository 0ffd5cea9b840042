import type { DocumentEntry } from '../documents.ts';
import { type Html, html } from '../html.ts';
import type { Page } from './layout.ts';

/** One of the documents, which are served so that links of messages work without the internet. */
export function documentPage({ title }: DocumentEntry, content: Html): Page {
  return {
    title: `${title} – mcp-exporter`,
    main: html`<p class="crumb"><a href="/docs">← All documents</a></p>
      <article class="prose">${content}</article>`,
  };
}
