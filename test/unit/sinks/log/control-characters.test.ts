import { expect, test } from 'vitest';
import { escapeControls, replaceControls } from '../../../../src/sinks/log/control-characters.ts';

const TEXT = 'a\u001b[31m\u009b31m\u007f\u0000\b\r\tb\nc \\u001b';

test('a line of JSON without control characters means the same', () => {
  const line = JSON.stringify({ text: TEXT });
  const escaped = escapeControls(line);
  expect(escaped).not.toMatch(/\p{Cc}/u);
  expect(JSON.parse(escaped)).toEqual({ text: TEXT });
});

test('what a printer takes out of a line has none but tabs and line breaks', () => {
  const shown = JSON.parse(replaceControls(escapeControls(JSON.stringify({ text: TEXT })))) as {
    text: string;
  };
  expect(shown.text).toBe('a\ufffd[31m\ufffd31m\ufffd\ufffd\ufffd\ufffd\tb\nc \\u001b');
});
