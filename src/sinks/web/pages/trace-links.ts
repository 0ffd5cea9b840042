import { type Html, html } from '../html.ts';
import type { OutsideUrls } from '../ports.ts';
import { auditPath } from './page-links.ts';

/** The id of a trace, to be copied or, if Jaeger's address is known, as a link to its spans; and its calls here. */
export function traceLinks(traceId: string, { jaeger }: OutsideUrls): Html {
  const id = html`<code class="copied">${traceId}</code>`;
  const shown =
    jaeger === undefined
      ? id
      : html`<a href="${jaeger}/trace/${traceId}" rel="noreferrer" title="Spans in Jaeger"
          >${id}</a
        >`;
  return html`${shown} · <a href="${auditPath({ trace: traceId })}">Calls</a>`;
}
