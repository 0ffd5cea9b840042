/** Ten digits, so that a new id can be written into prepared bytes. */
const FIRST_ID = '1000000000';

/** A message whose id is changed in place: sent bytes must have left the process before the next change. */
export interface NumberedMessage {
  readonly bytes: Buffer;
  setId(id: number): void;
}

/** A call of a tool with an id of fixed length. */
export function callText(name: string, args: object, meta?: object): string {
  const params = JSON.stringify({ name, arguments: args, ...(meta && { _meta: meta }) });
  return `{"jsonrpc":"2.0","id":${FIRST_ID},"method":"tools/call","params":${params}}`;
}

/** @param bytes that hold what `callText` gave */
export function numberMessage(bytes: Buffer): NumberedMessage {
  const at = bytes.indexOf(FIRST_ID);
  if (at === -1) throw new Error('the message has no id to be numbered');
  return {
    bytes,
    setId(id) {
      bytes.write(String(1_000_000_000 + id), at, 'latin1');
    },
  };
}
