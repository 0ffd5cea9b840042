import * as text from '@grafana/grafana-foundation-sdk/text';
import { finishPanel, type Panel, type PanelOptions } from './panel.ts';

/** Words and links, in Markdown. */
export function textPanel(options: PanelOptions & { readonly content: string }): Panel {
  const builder = new text.PanelBuilder().mode(text.TextMode.Markdown).content(options.content);
  return finishPanel(builder, options, [], 'range');
}
