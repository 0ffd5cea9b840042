const HEAD_BYTES_MAX = 65_536;
const EVENT_END = /\r\n\r\n|\n\n|\r\r/;

/**
 * Rewrites the one event of HTTP+SSE that names an address: `endpoint` (specification 2024-11-05, transports).
 * Everything before it and after it passes as it is.
 * @param rewrite the announced address → what the client shall be told
 */
export function createEndpointRewriter(
  rewrite: (address: string) => string,
): (chunk: Buffer) => Buffer {
  let head: string | undefined = '';
  return (chunk) => {
    if (head === undefined) return chunk;
    // latin1 keeps every byte as it is; the address itself is ASCII.
    head += chunk.toString('latin1');
    let out = '';
    for (let end = EVENT_END.exec(head); end; end = EVENT_END.exec(head)) {
      const event = head.slice(0, end.index + end[0].length);
      head = head.slice(event.length);
      const changed = rewriteEvent(event, rewrite);
      out += changed ?? event;
      if (changed === undefined) continue;
      const rest = head;
      head = undefined;
      return Buffer.from(out + rest, 'latin1');
    }
    if (head.length > HEAD_BYTES_MAX) {
      out += head;
      head = undefined;
    }
    return Buffer.from(out, 'latin1');
  };
}

function rewriteEvent(event: string, rewrite: (address: string) => string): string | undefined {
  if (!/(?:^(?:\xEF\xBB\xBF)?|[\r\n])event: ?endpoint(?=[\r\n])/.test(event)) return undefined;
  return event.replace(
    /((?:^(?:\xEF\xBB\xBF)?|[\r\n])data: ?)([^\r\n]*)/,
    (_all, field: string, address: string) => field + rewrite(address),
  );
}
