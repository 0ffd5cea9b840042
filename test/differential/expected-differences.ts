import type { Difference } from './find-differences.ts';

interface ExpectedDifferences extends Pick<Difference, 'column'> {
  /** One that begins with "bug:" is to be fixed. */
  readonly reason: string;
  readonly servers: readonly string[];
}

const OF_THE_PROBER: readonly Omit<ExpectedDifferences, 'column'>[] = [
  {
    reason: 'bug: redirects at the same origin are not followed',
    servers: [
      'redirect-307-relative',
      'redirect-307-absolute',
      'redirect-307-stateless',
      'redirect-307-other-path',
      'redirect-307-no-slash',
      'redirect-308-relative',
      'redirect-308-stateless',
      'sse-get-redirected',
      'sse-get-redirected-301',
      'sse-posted-307',
    ],
  },
  {
    reason: 'bug: an answer that comes on the GET stream is not seen',
    servers: ['answers-on-get'],
  },
  {
    reason: 'bug: Offline, though the Python SDK lists its tools',
    servers: ['notification-500', 'sse-status-201'],
  },
  {
    reason:
      'Critical: only the Python SDK accepts it; the SDKs for JavaScript fail, and so does the deep check',
    servers: [
      'notification-400',
      'type-json-rpc',
      'type-twice',
      'events-cr',
      'envelope-extra-fields',
      'envelope-error-null',
      'initialize-null-capability',
      'initialize-null-instructions',
      'list-null-cursor',
      'tool-null-description',
      'tool-null-annotations',
      'tool-null-title',
      'sse-type-charset',
      'stdio-tool-null-description',
    ],
  },
  {
    reason:
      'bug: a program that ends after each list is Offline, though each client starts its own',
    servers: ['stdio-exits-after-list'],
  },
  {
    reason:
      'Healthy: 2025-03-26 allows batches, though no official client reads them from standard output',
    servers: ['stdio-batch'],
  },
  {
    reason:
      'Healthy: the text spoils the answer to server/discover; clients that wait longer for it than this test do the same',
    servers: ['stdio-text-unended'],
  },
];

const OF_THE_GATEWAY: readonly Omit<ExpectedDifferences, 'column'>[] = [
  {
    reason: 'bug: redirects are neither followed nor rewritten to the address of the gateway',
    servers: [
      'redirect-307-relative',
      'redirect-307-absolute',
      'redirect-307-stateless',
      'redirect-307-other-path',
      'redirect-307-no-slash',
      'redirect-308-relative',
      'redirect-308-stateless',
      'sse-get-redirected',
      'sse-get-redirected-301',
      'sse-posted-307',
    ],
  },
  {
    reason: 'bug: a request on a kept connection that is reset is not sent again',
    servers: ['connection-for-one-request', 'connection-for-one-request-stateless'],
  },
  {
    reason: 'bug: an id that comes back as text is another id',
    servers: ['stdio-id-as-text'],
  },
  {
    reason:
      'the gateway turns the end of the process or connection into an error, after which the client sends initialize',
    servers: ['discover-resets', 'stdio-discover-exits'],
  },
  {
    reason: 'the gateway knows the era from the prober, and answers server/discover itself',
    servers: ['stdio-byte-order-mark', 'stdio-discover-error-without-id', 'stdio-ping-unanswered'],
  },
  {
    reason: 'the gateway reads a batch from standard output, which no official client does',
    servers: ['stdio-batch'],
  },
];

/**
 * The differences that remain, each with its reason. One that is not listed fails the test, and so does one that is listed
 * and is no longer there.
 */
export const EXPECTED_DIFFERENCES: readonly ExpectedDifferences[] = [
  ...OF_THE_PROBER.map((group) => ({ column: 'prober' as const, ...group })),
  ...OF_THE_GATEWAY.map((group) => ({ column: 'gateway' as const, ...group })),
];
