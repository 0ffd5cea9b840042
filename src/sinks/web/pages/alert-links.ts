import type { AlertRecord } from '../../../facts/ports/alert-store.ts';
import { webUrl } from '../../../facts/rules/web-url.ts';
import { type Html, html } from '../html.ts';
import type { OutsideUrls } from '../ports.ts';
import { servedDocumentPath } from './page-links.ts';

type Link = readonly [word: string, url: string | undefined];

/** Where else an alert is shown. Authors of rules can write any link; only http and https become links here. */
export function outsideLinks(alert: AlertRecord, { grafana }: OutsideUrls): readonly Html[] {
  const dashboard = alert.annotations['dashboard_url'] ?? '';
  // The shipped rules name dashboards by path alone.
  const isPath = dashboard.startsWith('/') && grafana !== undefined;
  return anchors([
    ['Grafana', isPath ? `${grafana}${dashboard}` : dashboard],
    ['Prometheus', alert.generatorUrl],
    ['Alertmanager', alertmanagerUrl(alert)],
  ]);
}

/** With the runbook in front, which the service itself may have. */
export function allLinks(alert: AlertRecord, urls: OutsideUrls): readonly Html[] {
  const given = alert.annotations['runbook_url'] ?? '';
  const served = servedDocumentPath(given);
  const runbook =
    served === undefined ? anchors([['Runbook', given]]) : [html`<a href="${served}">Runbook</a>`];
  return [...runbook, ...outsideLinks(alert, urls)];
}

function anchors(links: readonly Link[]): readonly Html[] {
  return links.flatMap(([word, given = '']) => {
    const url = webUrl(given);
    return url === undefined ? [] : [html`<a href="${url}" rel="noreferrer">${word}</a>`];
  });
}

/** This alert alone, also if it is silenced. */
function alertmanagerUrl({ alertmanagerUrl: base, labels }: AlertRecord): string | undefined {
  if (base === undefined) return undefined;
  const matchers = Object.entries(labels).map(([name, value]) => {
    const isPlain = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
    return `${isPlain ? name : JSON.stringify(name)}=${JSON.stringify(value)}`;
  });
  const filter = encodeURIComponent(`{${matchers.join(',')}}`);
  return `${base.replace(/\/$/, '')}/#/alerts?silenced=true&inhibited=true&filter=${filter}`;
}
