import { type ProtobufMessage, readProtobuf } from './read-protobuf.ts';

/** A log record as it came over OTLP. */
export interface ReceivedLog {
  readonly timeNs: bigint;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: unknown;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly traceId: string;
  readonly spanId: string;
  readonly resource: Readonly<Record<string, unknown>>;
}

/** opentelemetry/proto/collector/logs/v1 and opentelemetry/proto/logs/v1: the numbers are those of its fields. */
export function logsOf(body: Buffer): ReceivedLog[] {
  return readProtobuf(body)
    .messages(1)
    .flatMap((resourceLogs) => {
      const resource = attributesOf(resourceLogs.messages(1)[0]?.messages(1) ?? []);
      return resourceLogs
        .messages(2)
        .flatMap((scope) => scope.messages(2))
        .map((record) => ({
          timeNs: record.numbers(1)[0] ?? 0n,
          severityNumber: Number(record.numbers(2)[0] ?? 0n),
          severityText: record.text(3),
          body: valueOf(record.messages(5)[0]),
          attributes: attributesOf(record.messages(6)),
          traceId: hex(record, 9),
          spanId: hex(record, 10),
          resource,
        }));
    });
}

export function hex(message: ProtobufMessage, field: number): string {
  return message.bytes(field)[0]?.toString('hex') ?? '';
}

export function attributesOf(pairs: readonly ProtobufMessage[]): Record<string, unknown> {
  return Object.fromEntries(pairs.map((pair) => [pair.text(1), valueOf(pair.messages(2)[0])]));
}

function valueOf(value: ProtobufMessage | undefined): unknown {
  const [text] = value?.bytes(1) ?? [];
  const [whole] = value?.numbers(3) ?? [];
  const [double] = value?.numbers(4) ?? [];
  const [list] = value?.messages(5) ?? [];
  const [truth] = value?.numbers(2) ?? [];
  if (list) return list.messages(1).map(valueOf);
  if (text) return text.toString();
  if (truth !== undefined) return truth === 1n;
  if (whole !== undefined) return Number(whole);
  if (double === undefined) return undefined;
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, double);
  return view.getFloat64(0);
}
