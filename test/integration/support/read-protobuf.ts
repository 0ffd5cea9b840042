/** One message of the protobuf wire format: the values of each field, as a number or as bytes. */
export interface ProtobufMessage {
  bytes(field: number): Buffer[];
  numbers(field: number): bigint[];
  text(field: number): string;
  messages(field: number): ProtobufMessage[];
}

/** Reads without a schema, which is enough to look at what an exporter sent. */
export function readProtobuf(buffer: Buffer): ProtobufMessage {
  const fields = new Map<number, (bigint | Buffer)[]>();
  let at = 0;

  function varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = buffer.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  function take(bytes: number): Buffer {
    at += bytes;
    return buffer.subarray(at - bytes, at);
  }

  function value(wireType: number): bigint | Buffer {
    if (wireType === 0) return varint();
    if (wireType === 1) return take(8).readBigUInt64LE();
    if (wireType === 5) return BigInt(take(4).readUInt32LE());
    return take(Number(varint()));
  }

  while (at < buffer.length) {
    const key = Number(varint());
    const values = fields.get(key >> 3) ?? [];
    values.push(value(key & 7));
    fields.set(key >> 3, values);
  }
  const bytes = (field: number) =>
    (fields.get(field) ?? []).filter((entry) => typeof entry !== 'bigint');
  return {
    bytes,
    numbers: (field) => (fields.get(field) ?? []).filter((entry) => typeof entry === 'bigint'),
    text: (field) => bytes(field)[0]?.toString() ?? '',
    messages: (field) => bytes(field).map(readProtobuf),
  };
}
