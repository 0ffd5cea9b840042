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
 * Reads the JSON-RPC messages of a server-sent event stream as its bytes pass, without holding one back.
 *
 * Works on bytes, not on decoded text, so that multibyte characters may be split anywhere and a 10 MB event is never
 * kept whole (a string-based parser has to). Line ends LF, CRLF and CR, several `data:` lines, comments, priming events
 * with empty data: WHATWG HTML §9.2.6.
 */
export interface SseScanner {
  write(bytes: Uint8Array): void;
  /** Whether an event carried an id, so that a client may resume the stream elsewhere. */
  readonly isResumable: boolean;
}

/** @param onMessages called for each event with data, at its closing blank line */
export function createSseScanner(onMessages: (read: ReadMessages) => void): SseScanner {
  const reader = createMessageReader();
  /** Bytes of the current line's field name while it is not known yet. */
  let name: number[] = [];
  let field: 'unknown' | 'data' | 'other' = 'unknown';
  let isLineEmpty = true;
  let isFirstLine = true;
  let skipsSpace = false;
  let hasData = false;
  let afterCr = false;
  let isResumable = false;

  function endLine(): void {
    if (isLineEmpty) {
      if (!reader.isEmpty) onMessages(reader.end());
      hasData = false;
    } else if (field === 'unknown') {
      // A line without a colon is a field with an empty value.
      settleField();
    }
    name = [];
    field = 'unknown';
    isLineEmpty = true;
    isFirstLine = false;
    skipsSpace = false;
  }

  function settleField(): void {
    const spelled = Buffer.from(name);
    const hasMark = isFirstLine && spelled.subarray(0, 3).equals(BYTE_ORDER_MARK);
    const bytes = hasMark ? spelled.subarray(3) : spelled;
    field = bytes.equals(DATA) ? 'data' : 'other';
    if (bytes.equals(ID)) isResumable = true;
    if (field === 'data') {
      if (hasData && !reader.isEmpty) reader.write(NEWLINE);
      hasData = true;
      skipsSpace = true;
    }
  }

  function content(bytes: Uint8Array): void {
    let at = 0;
    if (at < bytes.length) isLineEmpty = false;
    while (field === 'unknown' && at < bytes.length) {
      const byte = bytes[at++] as number;
      if (byte === COLON) settleField();
      else if (name.length < 8) name.push(byte);
    }
    if (field !== 'data' || at >= bytes.length) return;
    if (skipsSpace) {
      skipsSpace = false;
      if (bytes[at] === SPACE) at++;
    }
    if (at < bytes.length) reader.write(bytes.subarray(at));
  }

  return {
    get isResumable() {
      return isResumable;
    },
    write(bytes) {
      let at = 0;
      if (afterCr && bytes.length > 0) {
        afterCr = false;
        if (bytes[0] === LF) at = 1;
      }
      let lf = bytes.indexOf(LF, at);
      let cr = bytes.indexOf(CR, at);
      while (lf !== -1 || cr !== -1) {
        const end = cr !== -1 && (lf === -1 || cr < lf) ? cr : lf;
        if (end > at) content(bytes.subarray(at, end));
        endLine();
        at = end + 1;
        if (end === cr) {
          if (at === bytes.length) afterCr = true;
          else if (bytes[at] === LF) at++;
        }
        if (lf !== -1 && lf < at) lf = bytes.indexOf(LF, at);
        if (cr !== -1 && cr < at) cr = bytes.indexOf(CR, at);
      }
      if (at < bytes.length) content(bytes.subarray(at));
    },
  };
}
