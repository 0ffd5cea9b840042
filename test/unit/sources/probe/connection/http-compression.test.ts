import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import { expect, test } from 'vitest';
import type { WholeAnswer } from '../../../../fakes/scripted-mcp-server.ts';
import { startServer, watchUrl } from './http-setup.ts';

type Compress = (body: Buffer) => Buffer;

const CODINGS: readonly (readonly [string, Compress])[] = [
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['GZIP', gzipSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
  ['gzip, br', (body) => brotliCompressSync(gzipSync(body))],
  ['identity, gzip', gzipSync],
];

function compressed(coding: string, compress: Compress, asEvents: boolean) {
  return ({ status, headers, body }: WholeAnswer): WholeAnswer => {
    if (headers['content-type'] !== 'application/json') return { status, headers, body };
    const isEvent = asEvents && status === 200;
    const text = isEvent ? `data: ${String(body)}\n\n` : String(body);
    return {
      status,
      headers: {
        ...headers,
        'content-encoding': coding,
        ...(isEvent && { 'content-type': 'text/event-stream' }),
      },
      body: compress(Buffer.from(text)),
    };
  };
}

test.each(CODINGS.map(([coding, compress]) => [coding, compress.name, compress] as const))(
  'answers, errors and events in %s (%s) are read',
  async (coding, _, compress) => {
    for (const profile of ['legacy-session', 'legacy-stateless', 'modern'] as const)
      for (const asEvents of [false, true]) {
        const server = await startServer({
          profile,
          reshape: compressed(coding, compress, asEvents),
        });
        const { check, inspect } = watchUrl(server.url);
        expect(await check()).toMatchObject({ outcome: 'ok' });
        expect(await check()).toMatchObject({ outcome: 'ok' });
        expect(await inspect()).toMatchObject({ outcome: 'ok' });
      }
  },
);

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateRawSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
])('a body in %s that grows without end is cut off', async (coding, compress) => {
  const bomb = compress(Buffer.alloc(32 * 1024 * 1024, 0x20));
  const server = await startServer({ profile: 'legacy-stateless' });
  server.script('initialize', ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': coding });
    response.end(bomb);
  });
  const { check } = watchUrl(server.url);
  const before = process.memoryUsage().arrayBuffers;
  const report = await check();
  expect(report).toMatchObject({ outcome: 'protocol' });
  expect(report.detail).toContain('larger than 4 MiB');
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(24 * 1024 * 1024);
});
