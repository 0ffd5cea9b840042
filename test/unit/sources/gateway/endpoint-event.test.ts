import { expect, test } from 'vitest';
import { createEndpointRewriter } from '../../../../src/sources/gateway/endpoint-event.ts';

function rewriteBytes(text: string): string {
  const rewrite = createEndpointRewriter((address) => `/name${address}`);
  // One byte per chunk: where the chunk borders fall must not matter.
  const pieces = [...Buffer.from(text)].map((byte) => rewrite(Buffer.of(byte)));
  return Buffer.concat(pieces).toString();
}

test.each([
  ['alone', 'event: endpoint\ndata: /m?s=1\n\n'],
  ['with CRLF', 'event: endpoint\r\ndata: /m?s=1\r\n\r\n'],
  ['after other events', ': hi\n\nevent: x\ndata: /m?s=1x\n\nevent: endpoint\ndata: /m?s=1\n\n'],
  ['after a byte order mark', '\uFEFFevent: endpoint\ndata: /m?s=1\n\n'],
  ['after a byte order mark, data first', '\uFEFFdata: /m?s=1\nevent: endpoint\n\n'],
])('rewrites the address of an endpoint event %s', (_, text) => {
  expect(rewriteBytes(text)).toBe(text.replace(/\/m\?s=1(?!x)/, '/name/m?s=1'));
});

test('leaves everything after the endpoint event as it is', () => {
  const first = 'event: endpoint\ndata: /m\n\n';
  const again = `${first}data: /m\n\n`;
  expect(rewriteBytes(first + again)).toBe(`event: endpoint\ndata: /name/m\n\n${again}`);
});
