import { html } from '../html.ts';
import type { Page } from './layout.ts';

/** For a browser: the status, the reason, the id in the log, and a link back. */
export function errorPage(problem: {
  status: number;
  title: string;
  detail: string;
  id: string;
}): Page {
  return {
    title: `${problem.title} – mcp-exporter`,
    main: html`<section class="empty">
      <p class="muted">${problem.status}</p>
      <h1>${problem.title}</h1>
      <p><bdi>${problem.detail}</bdi></p>
      <p><a href="/">← All servers</a></p>
      <p class="muted small">ID in the log: <code>${problem.id}</code></p>
    </section>`,
  };
}
