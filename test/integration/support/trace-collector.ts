import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { attributesOf, hex } from './read-otlp.ts';
import { type ProtobufMessage, readProtobuf } from './read-protobuf.ts';

/** A span as it came over OTLP. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly name: string;
  readonly kind: number;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly string[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly resource: Readonly<Record<string, unknown>>;
}

export interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface TraceCollector {
  readonly url: string;
  readonly requests: ReceivedRequest[];
  spans(): ReceivedSpan[];
  close(): Promise<void>;
}

/** Takes what a tracing exporter posts, on loopback. `respond` gives the status of each answer, or `hang`: none. */
export async function startTraceCollector(
  respond: () => number | 'hang' = () => 200,
): Promise<TraceCollector> {
  const requests: ReceivedRequest[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks),
      });
      const status = respond();
      if (status !== 'hang') response.writeHead(status).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    spans: () => requests.flatMap(({ body }) => spansOf(body)),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** opentelemetry/proto/collector/trace/v1: the numbers are those of its fields. */
function spansOf(body: Buffer): ReceivedSpan[] {
  return readProtobuf(body)
    .messages(1)
    .flatMap((resourceSpans) => {
      const resource = attributesOf(resourceSpans.messages(1)[0]?.messages(1) ?? []);
      return resourceSpans
        .messages(2)
        .flatMap((scope) => scope.messages(2))
        .map((span) => toSpan(span, resource));
    });
}

function toSpan(span: ProtobufMessage, resource: ReceivedSpan['resource']): ReceivedSpan {
  const status = span.messages(15)[0];
  return {
    traceId: hex(span, 1),
    spanId: hex(span, 2),
    traceState: span.text(3),
    parentSpanId: hex(span, 4),
    name: span.text(5),
    kind: Number(span.numbers(6)[0]),
    startNs: span.numbers(7)[0] ?? 0n,
    endNs: span.numbers(8)[0] ?? 0n,
    attributes: attributesOf(span.messages(9)),
    events: span.messages(11).map((event) => event.text(2)),
    links: span.messages(13).map((link) => ({ traceId: hex(link, 1), spanId: hex(link, 2) })),
    statusCode: Number(status?.numbers(3)[0] ?? 0n),
    statusMessage: status?.text(2) ?? '',
    resource,
  };
}
