import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CALL_OUTCOMES, ERROR_TYPES, isFailure } from '../../src/facts/call-outcome.ts';
import { OPERATIONS } from '../../src/facts/rules/call-labels.ts';
import { readTokenUsage } from '../../src/facts/rules/token-usage.ts';
import { createAccountant } from '../../src/sources/gateway/account-usage.ts';
import { readPage } from '../unit/sinks/prometheus/read-page.ts';
import {
  callRecord,
  createTestMetrics,
  httpServer,
  snapshotOf,
} from '../unit/sinks/prometheus/sample-facts.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '|', '__proto__', '_OTHER', '"\\\n'),
);

const anyCall = fc
  .record({
    server: fc.constantFrom('one', 'two', 'gone', '_OTHER'),
    direction: fc.constantFrom('client_to_server' as const, 'server_to_client' as const),
    operation: fc.oneof(fc.constantFrom(...OPERATIONS), anyText),
    target: fc.oneof(fc.constantFrom('read', 'wr|te', '"quoted"'), anyText),
    verb: fc.constantFrom('POST' as const, 'stdio' as const),
    client: fc.record({ name: anyText, version: anyText }),
    user: anyText,
    protocolVersion: anyText,
    outcome: fc.constantFrom(...CALL_OUTCOMES),
    errorType: fc.oneof(fc.constantFrom(...ERROR_TYPES), anyText),
    status: fc.integer({ min: 0, max: 700 }),
    rpcCode: fc.integer(),
    durationMs: fc.double({ min: 0, max: 1e7, noNaN: true }),
    requestBytes: fc.nat(1e8),
    costUsd: fc.double({ min: 0, max: 1e6, noNaN: true }),
    isSampled: fc.boolean(),
  })
  .map(({ isSampled, ...changes }) => {
    const call = callRecord('', changes);
    return { ...call, trace: { ...call.trace, sampled: isSampled } };
  });

test('whatever calls say, each is counted once by server and outcome, costs add up, and the page is sound in both formats', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyCall, { maxLength: 60 }), fc.nat(60), async (calls, at) => {
      const { metrics, publish } = createTestMetrics({ gateway: true, otelHistograms: true });
      publish({ fact: 'server_added', server: httpServer('one') });
      publish({ fact: 'server_added', server: httpServer('two') });
      publish(snapshotOf('one', ['read', 'wr|te', '"quoted"']));
      for (const [index, call] of calls.entries()) {
        if (index === at) await metrics.render('text/plain');
        publish(call);
      }
      const { body } = await metrics.render('application/openmetrics-text');
      expect(body.endsWith('# EOF\n')).toBe(true);
      const page = readPage((await metrics.render('text/plain')).body);
      const counted = calls.filter(({ server }) => server !== 'gone');
      const total = (name: string, filter: (labels: Record<string, string>) => boolean) =>
        (page.get(name)?.samples ?? [])
          .filter(({ labels }) => filter(labels))
          .reduce((sum, { value }) => sum + value, 0);
      for (const server of ['one', 'two', '_OTHER']) {
        for (const outcome of CALL_OUTCOMES) {
          const expected = calls.filter(
            (call) => call.server === server && call.outcome === outcome,
          );
          const found = total(
            'mcp_requests_total',
            (labels) => labels['server'] === server && labels['outcome'] === outcome,
          );
          expect(found).toBe(expected.length);
        }
      }
      const failed = total('mcp_requests_total', ({ outcome }) =>
        CALL_OUTCOMES.some((known) => known === outcome && isFailure(known)),
      );
      expect(failed).toBe(counted.filter(({ outcome }) => isFailure(outcome)).length);
      const spent = counted
        .filter(({ server }) => server !== '_OTHER')
        .reduce((sum, { costUsd = 0 }) => sum + costUsd, 0);
      for (const name of ['mcp_cost_usd_total', 'mcp_user_cost_usd_total'])
        expect(total(name, () => true)).toBeCloseTo(spent, 3);
    }),
    { numRuns: 60 },
  );
});

test('no `_meta` of any shape makes anything but finite, whole, non-negative tokens, and never a negative cost', () => {
  const count = fc.oneof(fc.double(), fc.integer(), fc.string());
  const bag = fc.dictionary(
    fc.oneof(
      fc.constantFrom('inputTokens', 'output_tokens', 'total_tokens', 'tokens', 'usage', 'a/usage'),
      fc.string(),
    ),
    fc.oneof(
      count,
      fc.dictionary(fc.constantFrom('inputTokens', 'outputTokens', 'total', 'input'), count),
    ),
  );
  const account = createAccountant({ perCallUsd: 1, perThousandInputTokensUsd: 2 });
  fc.assert(
    fc.property(bag, (meta) => {
      const tokens = readTokenUsage(meta);
      for (const value of tokens ? [tokens.input, tokens.output] : []) {
        expect(Number.isSafeInteger(value)).toBe(true);
        expect(value).toBeGreaterThanOrEqual(0);
      }
      const { costUsd } = account(
        { method: 'tools/call', target: 'x', hasResult: false, isError: false },
        { hasResult: true, isError: false, resultMeta: meta },
        { requestBytes: 1, responseBytes: 1 },
      );
      expect(costUsd).toBeGreaterThanOrEqual(1);
    }),
  );
});
