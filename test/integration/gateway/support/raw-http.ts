export type RawHeader = readonly [name: string, value: string];

/** One HTTP/1.1 message as it was on the wire: names as spelled, in their order. */
export interface RawMessage {
  readonly startLine: string;
  readonly headers: readonly RawHeader[];
  readonly body: Buffer;
  readonly trailers: readonly RawHeader[];
  /** Nothing where the connection broke off before the end. */
  readonly framing: 'none' | 'length' | 'chunked' | 'close' | 'broken';
}

export interface RawReader {
  feed(bytes: Buffer): void;
  /** The connection is over. */
  end(): void;
}

const EMPTY = Buffer.alloc(0);
const HEAD_END = Buffer.from('\r\n\r\n');
const LINE_END = Buffer.from('\r\n');

/**
 * Reads messages without a library, since every library tidies headers up.
 * @param hasBody of a response: whether one may follow, which depends on its request
 */
export function createRawReader(
  kind: 'request' | 'response',
  onMessage: (message: RawMessage) => void,
  hasBody: (startLine: string) => boolean = () => true,
): RawReader {
  let pending: Buffer = EMPTY;
  let state: 'head' | 'length' | 'close' | 'size' | 'chunk' | 'trailers' = 'head';
  let startLine = '';
  let headers: RawHeader[] = [];
  let body: Buffer[] = [];
  let left = 0;

  function finish(framing: RawMessage['framing'], trailers: RawHeader[] = []): void {
    const message = { startLine, headers, body: Buffer.concat(body), trailers, framing };
    state = 'head';
    body = [];
    onMessage(message);
  }

  function takeHead(): boolean {
    const end = pending.indexOf(HEAD_END);
    if (end === -1) return false;
    const [first = '', ...lines] = pending.toString('latin1', 0, end).split('\r\n');
    pending = pending.subarray(end + 4);
    startLine = first;
    headers = lines.map(parseHeader);
    const isInformational = kind === 'response' && / 1\d\d /.test(`${first} `);
    if (isInformational) finish('none');
    else beginBody();
    return true;
  }

  function beginBody(): void {
    const length = valueOf(headers, 'content-length');
    const isChunked = /chunked/i.test(valueOf(headers, 'transfer-encoding') ?? '');
    if (kind === 'response' && !hasBody(startLine)) finish('none');
    else if (isChunked) state = 'size';
    else if (length !== undefined) {
      left = Number(length);
      state = 'length';
      if (left === 0) finish('length');
    } else if (kind === 'response') state = 'close';
    else finish('none');
  }

  function takeBytes(): boolean {
    if (pending.length === 0) return false;
    const taken = pending.subarray(0, left);
    body.push(taken);
    left -= taken.length;
    pending = pending.subarray(taken.length);
    return true;
  }

  function takeSize(): boolean {
    const end = pending.indexOf(LINE_END);
    if (end === -1) return false;
    const size = Number.parseInt(pending.toString('latin1', 0, end), 16);
    pending = pending.subarray(end + 2);
    left = size;
    state = size === 0 ? 'trailers' : 'chunk';
    return true;
  }

  function takeChunk(): boolean {
    if (left > 0) return takeBytes();
    if (pending.length < 2) return false;
    pending = pending.subarray(2);
    state = 'size';
    return true;
  }

  function takeTrailers(): boolean {
    if (pending.subarray(0, 2).equals(LINE_END)) {
      pending = pending.subarray(2);
      finish('chunked');
      return true;
    }
    const end = pending.indexOf(HEAD_END);
    if (end === -1) return false;
    const trailers = pending.toString('latin1', 0, end).split('\r\n').map(parseHeader);
    pending = pending.subarray(end + 4);
    finish('chunked', trailers);
    return true;
  }

  function step(): boolean {
    switch (state) {
      case 'head':
        return takeHead();
      case 'length': {
        const isTaken = takeBytes();
        if (left === 0) finish('length');
        return isTaken;
      }
      case 'close':
        left = pending.length;
        return takeBytes();
      case 'size':
        return takeSize();
      case 'chunk':
        return takeChunk();
      case 'trailers':
        return takeTrailers();
    }
  }

  return {
    feed(bytes) {
      pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
      while (step());
    },
    end() {
      if (state === 'close') finish('close');
      else if (state !== 'head') finish('broken');
    },
  };
}

export function valueOf(headers: readonly RawHeader[], name: string): string | undefined {
  return headers.find(([each]) => each.toLowerCase() === name)?.[1];
}

function parseHeader(line: string): RawHeader {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')];
}

/** The head of a message, as bytes. */
export function renderHead(startLine: string, headers: readonly RawHeader[]): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${startLine}\r\n${lines.join('')}\r\n`, 'latin1');
}

/** A body in chunked coding. */
export function renderChunks(
  chunks: readonly Buffer[],
  trailers: readonly RawHeader[] = [],
): Buffer {
  const parts = chunks
    .filter((chunk) => chunk.length > 0)
    .flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, LINE_END]);
  const tail = trailers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.concat([...parts, Buffer.from(`0\r\n${tail}\r\n`, 'latin1')]);
}
