import { createMessageReader, type ReadMessages } from '../../protocol/message-reader.ts';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const NEWLINE = Uint8Array.of(LF);
const DATA = Buffer.from('data');
const ID = Buffer.from('id');
const COLON = 0x3a;
const BYTE_ORDER_MARK = Uint8Array.of(0xef, 0xbb, 0xbf);

/**
 * Reads the JSON-RPC messages of a server-sent event stream as its bytes pass through, without delaying any of them.
 *
 * Works on bytes, not on decoded text, so that multibyte characters may be split anywhere and a 10 MB event is never
 * buffered as a whole (a string-based parser has to do that). Line ends LF, CRLF and CR, several `data:` lines, comments, priming events
 * with empty data: WHATWG HTML §9.2.6.
 */
export interface SseScanner {
  write(bytes: Uint8Array): void;
  /** Whether an event carried an id, so that a client may resume the stream elsewhere. */
  readonly isResumable: boolean;
}

/** @param onMessages called for each event with data, at its closing blank line */
export function createSseScanner(onMessages: (read: ReadMessages) => void): SseScanner {
  return new EventScanner(onMessages);
}

class EventScanner implements SseScanner {
  readonly #onMessages: (read: ReadMessages) => void;
  readonly #reader = createMessageReader();
  /** Bytes of the current line's field name while it is not known yet. */
  #name: number[] = [];
  #field: 'unknown' | 'data' | 'other' = 'unknown';
  #isLineEmpty = true;
  #isFirstLine = true;
  #skipsSpace = false;
  #hasData = false;
  #afterCr = false;
  #isResumable = false;

  constructor(onMessages: (read: ReadMessages) => void) {
    this.#onMessages = onMessages;
  }

  get isResumable(): boolean {
    return this.#isResumable;
  }

  write(bytes: Uint8Array): void {
    let at = 0;
    if (this.#afterCr && bytes.length > 0) {
      this.#afterCr = false;
      if (bytes[0] === LF) at = 1;
    }
    let lf = bytes.indexOf(LF, at);
    let cr = bytes.indexOf(CR, at);
    while (lf !== -1 || cr !== -1) {
      const end = cr !== -1 && (lf === -1 || cr < lf) ? cr : lf;
      if (end > at) this.#addContent(bytes.subarray(at, end));
      this.#endLine();
      at = end + 1;
      if (end === cr) {
        if (at === bytes.length) this.#afterCr = true;
        else if (bytes[at] === LF) at++;
      }
      if (lf !== -1 && lf < at) lf = bytes.indexOf(LF, at);
      if (cr !== -1 && cr < at) cr = bytes.indexOf(CR, at);
    }
    if (at < bytes.length) this.#addContent(bytes.subarray(at));
  }

  #endLine(): void {
    if (this.#isLineEmpty) {
      if (!this.#reader.isEmpty) this.#onMessages(this.#reader.end());
      this.#hasData = false;
    } else if (this.#field === 'unknown') {
      // A line without a colon is a field with an empty value.
      this.#endName();
    }
    this.#name = [];
    this.#field = 'unknown';
    this.#isLineEmpty = true;
    this.#isFirstLine = false;
    this.#skipsSpace = false;
  }

  #endName(): void {
    const spelled = Buffer.from(this.#name);
    const hasMark = this.#isFirstLine && spelled.subarray(0, 3).equals(BYTE_ORDER_MARK);
    const bytes = hasMark ? spelled.subarray(3) : spelled;
    this.#field = bytes.equals(DATA) ? 'data' : 'other';
    if (bytes.equals(ID)) this.#isResumable = true;
    if (this.#field === 'data') {
      if (this.#hasData && !this.#reader.isEmpty) this.#reader.write(NEWLINE);
      this.#hasData = true;
      this.#skipsSpace = true;
    }
  }

  #addContent(bytes: Uint8Array): void {
    let at = 0;
    if (at < bytes.length) this.#isLineEmpty = false;
    while (this.#field === 'unknown' && at < bytes.length) {
      const byte = bytes[at++] as number;
      if (byte === COLON) this.#endName();
      else if (this.#name.length < 8) this.#name.push(byte);
    }
    if (this.#field !== 'data' || at >= bytes.length) return;
    if (this.#skipsSpace) {
      this.#skipsSpace = false;
      if (bytes[at] === SPACE) at++;
    }
    if (at < bytes.length) this.#reader.write(bytes.subarray(at));
  }
}
