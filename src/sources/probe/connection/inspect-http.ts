import {
  Client,
  SSEClientTransport,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { classifyFailure, type FailureFacts } from '../../../protocol/classify-failure.ts';
import type { ClientName } from '../../../protocol/handshake.ts';
import { MODERN_REVISION } from '../../../facts/revisions.ts';
import type { Era, SyntheticCall } from '../../../facts/server.ts';
import type { Clock } from '../../../facts/ports/clock.ts';
import { deleteSession } from '../../../protocol/http/delete-session.ts';
import { explainClientError } from '../../../protocol/explain-client-error.ts';
import type { HttpEndpoint } from '../../../protocol/http/http-endpoint.ts';
import { inspectClient, type Inspection } from './inspect-client.ts';
import type { LateSessions } from '../../../protocol/http/late-sessions.ts';
import { timeStep } from '../../../protocol/measurement.ts';
import { createProbeFetch, type ProbeFetchOptions } from '../../../protocol/http/probe-fetch.ts';
import type { RequestOptions, RequestFailure } from '../../../protocol/probe-client.ts';

export interface InspectHttpOptions extends RequestOptions {
  readonly endpoint: HttpEndpoint;
  readonly transport: 'http' | 'sse';
  readonly era: Era;
  readonly client: ClientName;
  readonly clock: Clock;
  readonly call?: SyntheticCall;
  readonly lateSessions: LateSessions;
}

/** The SDK sets a timer per request; the deadline of the check is the one that counts. */
const SDK_TIMEOUT_MS = 2 ** 31 - 1;

type Inspected = Inspection | { readonly ok: false; readonly failure: RequestFailure };

/**
 * A deep check over HTTP: a fresh client of the SDK, as a real one would come, whose session is ended again. It opens a
 * GET stream only if the server needs one. Never rejects. Load this module with `import()`, since it brings the SDK.
 */
export async function inspectHttp(options: InspectHttpOptions): Promise<Inspected> {
  if (options.transport === 'sse') return (await inspectWith('required', options)).inspected;
  const first = await inspectWith('refused', options);
  if (!first.missesStream || options.signal.aborted) return first.inspected;
  return (await inspectWith('optional', options)).inspected;
}

async function inspectWith(
  getStream: ProbeFetchOptions['getStream'],
  options: InspectHttpOptions,
): Promise<{ readonly inspected: Inspected; readonly missesStream: boolean }> {
  const { endpoint, clock, measurement, era, signal } = options;
  const startedAt = clock.monotonicMs();
  // The SDK's requests end with the check, and also when only we know that no answer will come.
  const life = new AbortController();
  const onAbort = (): void => life.abort();
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const probe = createProbeFetch({
    endpoint,
    clock,
    measurement,
    signal: life.signal,
    getStream,
    onHopeless: onAbort,
    lateSessions: options.lateSessions,
  });
  const transport =
    options.transport === 'sse'
      ? new SSEClientTransport(endpointUrl(endpoint), { fetch: probe.fetch })
      : new StreamableHTTPClientTransport(endpointUrl(endpoint), { fetch: probe.fetch });
  const client = new Client(options.client, {
    versionNegotiation: { mode: era === 'modern' ? { pin: MODERN_REVISION } : 'legacy' },
  });
  const wait = { signal, waitedMs: () => clock.monotonicMs() - startedAt };
  const explain = (error: unknown, method: string): FailureFacts =>
    probe.takeFailure() ?? explainClientError(error, method, wait);
  try {
    const connected = await connect(client, transport, life.signal, options, explain);
    if (!connected.ok) return { inspected: connected, missesStream: probe.missesStream() };
    const { call } = options;
    const inspected = await inspectClient(client, {
      signal: life.signal,
      measurement,
      clock,
      transport: options.transport,
      explain,
      ...(call !== undefined && { call }),
    });
    return { inspected, missesStream: probe.missesStream() };
  } finally {
    signal.removeEventListener('abort', onAbort);
    const sessionId = probe.sessionId();
    const version = client.getNegotiatedProtocolVersion();
    await client.close().catch(() => undefined);
    await transport.close().catch(() => undefined);
    life.abort();
    if (sessionId !== undefined) {
      await deleteSession(
        endpoint,
        { sessionId, ...(version !== undefined && { protocolVersion: version }) },
        clock,
      );
    }
  }
}

async function connect(
  client: Client,
  transport: StreamableHTTPClientTransport | SSEClientTransport,
  signal: AbortSignal,
  { measurement, clock, era }: InspectHttpOptions,
  explain: (error: unknown, method: string) => FailureFacts,
): Promise<{ readonly ok: true } | { readonly ok: false; readonly failure: RequestFailure }> {
  const method = era === 'modern' ? 'server/discover' : 'initialize';
  const startedAt = clock.monotonicMs();
  const connected = await timeStep(
    measurement,
    clock,
    method,
    async () => {
      try {
        await abortable(client.connect(transport, { signal, timeout: SDK_TIMEOUT_MS }), signal);
        return { ok: true } as const;
      } catch (error) {
        return { ok: false, failure: classifyFailure(explain(error, method)) } as const;
      }
    },
    () => 'a fresh client was accepted',
  );
  const connectingMs = (measurement.phasesMs.connect ?? 0) + (measurement.phasesMs.tls ?? 0);
  measurement.phasesMs.handshake = Math.max(0, clock.monotonicMs() - startedAt - connectingMs);
  return connected;
}

/** Not every wait of the SDK listens to a signal: that for an `endpoint` event does not. */
function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new Error('the check was ended'));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Credentials of the URL are sent by the endpoint as a header. */
function endpointUrl(endpoint: HttpEndpoint): URL {
  const url = new URL(endpoint.url);
  url.username = '';
  url.password = '';
  return url;
}
