import * as text from '@grafana/grafana-foundation-sdk/text';
import { finishPanel, type Panel, type PanelOptions } from './panel.ts';

/** For what is not in Grafana; Markdown knows no such link, but lets HTML through. */
export function linkInNewTab(title: string, url: string): string {
  return `<a href="${url}" target="_blank" rel="noopener">${title}</a>`;
}

/** Words and links, in Markdown. */
export function textPanel(options: PanelOptions & { readonly content: string }): Panel {
  const builder = new text.PanelBuilder().mode(text.TextMode.Markdown).content(options.content);
  return finishPanel(builder, options, [], 'range');
}
