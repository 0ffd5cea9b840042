import { Writable } from 'node:stream';
import * as api from '@opentelemetry/api';
import pino from 'pino';
import { afterEach, expect, test } from 'vitest';
import {
  logContext,
  requestContext,
  withRequestContext,
} from '../../../../src/instrument/context/request-context.ts';
import { createRegistry } from '../../../../src/instrument/metrics/create-registry.ts';
import { instrument } from '../../../../src/instrument/server/instrument.ts';
import { runInSpan } from '../../../../src/instrument/tracing/run-in-span.ts';
import { createSdk, SDKS } from '../server/support.ts';
import { setUpOtel, tearDownOtel } from '../tracing/set-up-otel.ts';

afterEach(tearDownOtel);

test('a context holds for everything that is started in it, and adds to the one around it', async () => {
  expect(requestContext()).toEqual({});
  const seen = await withRequestContext({ requestId: 'r1', userId: 'u1' }, async () => {
    await Promise.resolve();
    return withRequestContext({ sessionId: 's1', userId: 'u2' }, () => requestContext());
  });
  expect(seen).toEqual({ requestId: 'r1', userId: 'u2', sessionId: 's1' });
  expect(requestContext()).toEqual({});
});

test('as mixin of pino, context and trace are on each line', () => {
  setUpOtel(api);
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)) as Record<string, unknown>);
      done();
    },
  });
  const logger = pino({ mixin: logContext }, stream);
  withRequestContext({ requestId: 'req-123', userId: 'user-456', sessionId: 'sess-789' }, () =>
    runInSpan('work', (span) => {
      logger.info('Processing request');
      expect(lines[0]).toMatchObject({
        msg: 'Processing request',
        request: 'req-123',
        user: 'user-456',
        session: 'sess-789',
        trace_id: span.spanContext().traceId,
        span_id: span.spanContext().spanId,
      });
    }),
  );
  logger.info('later');
  expect(Object.keys(lines[1] ?? {})).not.toContain('request');
});

test.each(SDKS)(
  'in a handler of SDK %s, the context is that of its call',
  async (_name, version) => {
    const { server, client, connect } = createSdk(version);
    const seen: object[] = [];
    server.registerTool('look', {}, async () => {
      await Promise.resolve();
      seen.push(logContext());
      return { content: [] };
    });
    instrument(server, { registry: createRegistry() });
    await connect();
    await client.callTool({ name: 'look', arguments: {} });
    expect(seen).toEqual([{ request: expect.any(String), operation: 'tools/call', tool: 'look' }]);
    await client.close();
  },
);
