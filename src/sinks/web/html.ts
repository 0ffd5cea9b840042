import escape from 'escape-html';

/** C0 and C1 controls but tab and line breaks, and the marks that reorder text around them. */
const INVISIBLE = /(?![\t\n\r])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/** Makes any text safe inside an element or a quoted attribute; controls and bidirectional overrides become U+FFFD. */
export function escapeHtml(text: string): string {
  return escape(text.replace(INVISIBLE, '\ufffd'));
}

/** Markup that is safe to send: made by `html` only. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }

  toString(): string {
    return this.markup;
  }
}

export type HtmlValue = string | number | Html | readonly HtmlValue[] | undefined | false;

function render(value: HtmlValue): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.markup;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return escapeHtml(value);
  return value.map(render).join('');
}

/** Template tag: every value but `Html` is escaped, so that forgetting it is not possible. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let markup = strings[0] ?? '';
  for (const [index, value] of values.entries()) {
    markup += render(value) + (strings[index + 1] ?? '');
  }
  return new Html(markup);
}
