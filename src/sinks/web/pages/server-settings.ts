import type { SettingView } from '../../../facts/rules/describe-settings.ts';
import { type Html, html } from '../html.ts';
import type { Page } from './layout.ts';
import { pairItems } from './elements.ts';
import { type ServerFrame, serverTabPage } from './server-frame.ts';

/** By the beginning of their keys, in the order of the page; the first has what fits nowhere else. */
const GROUPS = [
  ['', 'Connection'],
  ['labels.', 'Labels'],
  ['monitor.', 'Monitoring'],
  ['gateway.', 'Gateway'],
] as const;

/** The configuration of a server as it is in force. */
export function settingsTab(frame: ServerFrame): Page {
  const { detail } = frame;
  const grouped = Map.groupBy(detail.settings, ({ key }) => prefixOf(key));
  return serverTabPage(
    frame,
    'settings',
    html`<section id="settings" data-region>
      <p class="muted">
        In force now, from <code><bdi>${detail.source}</bdi></code
        >, its <code>defaults</code> and built-in values. Secrets are masked. A change of the file
        is applied by itself.
      </p>
      <div class="halves">
        ${GROUPS.map(([prefix, title]) => group(title, grouped.get(prefix) ?? [], prefix))}
      </div>
    </section>`,
  );
}

function prefixOf(key: string): string {
  return GROUPS.find(([prefix]) => prefix !== '' && key.startsWith(prefix))?.[0] ?? '';
}

function group(title: string, settings: readonly SettingView[], prefix: string): Html | false {
  if (settings.length === 0) return false;
  const pairs = settings.map(({ key, value }) => [key.slice(prefix.length), value] as const);
  return html`<div class="card pad">
    <h2>${title} ${prefix !== '' && html`<small><code>${prefix.slice(0, -1)}</code></small>`}</h2>
    ${pairItems(pairs)}
  </div>`;
}
