import type { Difference } from './find-differences.ts';

interface ExpectedDifferences extends Pick<Difference, 'column'> {
  /** One that begins with "bug:" is to be fixed. */
  readonly reason: string;
  readonly servers: readonly string[];
}

const OF_THE_PROBER: readonly Omit<ExpectedDifferences, 'column'>[] = [
  {
    reason:
      'Critical: only the Python SDK accepts it; the SDKs for JavaScript fail, and so does the deep check',
    servers: [
      'notification-400',
      'notification-500',
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
      'sse-status-201',
      'stdio-tool-null-description',
    ],
  },
  {
    reason:
      '404 says that the server does not have the session, so it is not ended: one is left, once',
    servers: ['ping-404'],
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

interface GatewayDifferences extends Omit<ExpectedDifferences, 'column'> {
  /** The name under which docs/transparency.md explains it. */
  readonly documented: string;
}

/** Clients get further through the gateway than directly. */
export const OF_THE_GATEWAY: readonly GatewayDifferences[] = [
  {
    documented: 'sent-again',
    reason:
      'the gateway sends the request again over a new connection, where clients that reuse theirs fail',
    servers: ['connection-for-one-request', 'connection-for-one-request-stateless'],
  },
  {
    documented: 'failed-discover',
    reason:
      'the gateway turns the end of the process or connection into an error, after which the client sends initialize',
    servers: ['discover-resets', 'stdio-discover-exits'],
  },
  {
    documented: 'known-era',
    reason: 'the gateway knows the era from the prober, and answers server/discover itself',
    servers: ['stdio-byte-order-mark', 'stdio-discover-error-without-id'],
  },
  {
    documented: 'batch',
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
  ...OF_THE_GATEWAY.map(({ reason, servers }) => ({ column: 'gateway' as const, reason, servers })),
];
