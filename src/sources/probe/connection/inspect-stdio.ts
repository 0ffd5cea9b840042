import { Client } from '@modelcontextprotocol/client';
import type { ServerIdentity } from '../../../facts/check-report.ts';
import { classifyFailure, type FailureFacts } from '../../../protocol/classify-failure.ts';
import type { ClientName } from '../../../protocol/handshake.ts';
import type { SyntheticCall } from '../../../facts/server.ts';
import type { Clock } from '../../../facts/ports/clock.ts';
import type { ChildTransport } from '../../../protocol/stdio/child-transport.ts';
import { explainClientError } from '../../../protocol/explain-client-error.ts';
import { inspectClient } from './inspect-client.ts';
import type { InspectionResult } from './probed-server.ts';
import type { RequestOptions } from '../../../protocol/probe-client.ts';

export interface InspectStdioOptions extends RequestOptions {
  readonly identity: ServerIdentity;
  readonly client: ClientName;
  readonly clock: Clock;
  readonly call?: SyntheticCall;
}

/** A deep check over the kept child. Never rejects. Load this module with `import()`, since it brings the SDK. */
export async function inspectStdio(
  transport: ChildTransport,
  options: InspectStdioOptions,
): Promise<InspectionResult> {
  const { signal, measurement, clock, call, identity } = options;
  const startedAt = clock.monotonicMs();
  const sentBefore = transport.bytes.sent;
  const receivedBefore = transport.bytes.received;
  const client = new Client(options.client);
  const wait = { signal, waitedMs: () => clock.monotonicMs() - startedAt };
  const explain = (error: unknown, method: string): FailureFacts =>
    transport.failure() ?? explainClientError(error, method, wait);
  try {
    await client.connect(transport, { signal, prior: transport.prior });
    return await inspectClient(client, {
      signal,
      measurement,
      clock,
      transport: identity.transport,
      explain,
      ...(call !== undefined && { call }),
    });
  } catch (error) {
    return { ok: false, failure: classifyFailure(explain(error, 'initialize')) };
  } finally {
    measurement.bytesSent += transport.bytes.sent - sentBefore;
    measurement.bytesReceived += transport.bytes.received - receivedBefore;
    await client.close().catch(() => undefined);
  }
}
