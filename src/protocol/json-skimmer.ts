import {
  factsOfParts,
  type MessageFacts,
  type MessageParts,
  TOOL_NAMES_MAX,
} from './message-facts.ts';

/**
 * Reads the facts of a JSON-RPC body too large to be parsed whole, byte by byte as it passes, in constant memory.
 *
 * Design: a search for `"isError":true` in the bytes would also find it inside content, and parsing at the end would mean
 * to keep the body. A walk over the structure needs neither: it follows nesting and keys, and captures only the small
 * values at the paths below. Strings, the bulk of any large body, are crossed with `indexOf`.
 */
const WANTED: Readonly<Record<string, true>> = {
  id: true,
  method: true,
  'params.name': true,
  'params.uri': true,
  'params._meta': true,
  'params.clientInfo': true,
  'params.protocolVersion': true,
  'params.requestId': true,
  'params.progressToken': true,
  'params.requestState': true,
  'error.code': true,
  'error.message': true,
  'error.data': true,
  'result.isError': true,
  'result.resultType': true,
  'result.requestState': true,
  'result.protocolVersion': true,
  'result._meta': true,
};
/** Not a path: the `name` of an element of `result.tools`, of which there are several. */
const TOOL_NAME = 'tool name';
const CAPTURE_BYTES_MAX = 16_384;
const KEY_BYTES_MAX = 64;
const DEPTH_MAX = 512;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;

export interface JsonSkimmer {
  write(bytes: Uint8Array): void;
  /** Whether what was written is one closed JSON text, as far as structure goes. */
  end(): boolean;
}

/** @param onMessage called for each message: one, or one per element of a batch */
export function createJsonSkimmer(onMessage: (facts: MessageFacts) => void): JsonSkimmer {
  return new Skimmer(onMessage);
}

const decoder = new TextDecoder();

class Skimmer implements JsonSkimmer {
  readonly #onMessage: (facts: MessageFacts) => void;
  readonly #isObject: boolean[] = [];
  /** Depth of the messages themselves: 0, or 1 inside a batch. */
  #base = 0;
  #keys: [string, string] = ['', ''];
  /** The key inside an element of `result.tools`. */
  #toolKey = '';
  #toolNames: string[] = [];
  #expectsKey = false;
  #inString = false;
  #escaped = false;
  #isKey = false;
  #captured: number[] | undefined;
  #captureDepth = 0;
  #capturePath = '';
  #values = new Map<string, unknown>();
  #writtenId: string | undefined;
  #hasResult = false;
  #seen = false;
  #broken = false;

  constructor(onMessage: (facts: MessageFacts) => void) {
    this.#onMessage = onMessage;
  }

  write(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && !this.#broken) {
      if (this.#inString) at = this.#crossString(bytes, at);
      else this.#structure(bytes[at++] as number);
    }
  }

  end(): boolean {
    return this.#seen && !this.#broken && !this.#inString && this.#isObject.length === 0;
  }

  #crossString(bytes: Uint8Array, from: number): number {
    let at = from;
    if (this.#escaped) {
      this.#take(bytes[at] as number);
      this.#escaped = false;
      return at + 1;
    }
    const captures = this.#captured !== undefined;
    if (!captures) {
      const quote = bytes.indexOf(QUOTE, at);
      const until = quote === -1 ? bytes.length : quote;
      at = until;
      // An odd run of backslashes before the quote escapes it; the run may have begun in an earlier chunk only at `from`.
      let slashes = 0;
      while (at - 1 - slashes >= from && bytes[at - 1 - slashes] === BACKSLASH) slashes++;
      if (quote === -1) {
        this.#escaped = slashes % 2 === 1;
        return bytes.length;
      }
      if (slashes % 2 === 1) return quote + 1;
      this.#endString();
      return quote + 1;
    }
    const byte = bytes[at] as number;
    this.#take(byte);
    if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) this.#endString();
    return at + 1;
  }

  #structure(byte: number): void {
    switch (byte) {
      case QUOTE:
        this.#inString = true;
        this.#isKey = this.#expectsKey;
        if (this.#isKey) this.#beginKey();
        else this.#beginValue();
        this.#take(byte);
        return;
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        this.#open(byte === OPEN_OBJECT, byte);
        return;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        this.#endPrimitive();
        this.#close(byte);
        return;
      case COMMA:
        this.#endPrimitive();
        this.#take(byte);
        this.#expectsKey = this.#isObject.at(-1) === true;
        return;
      case COLON:
        this.#take(byte);
        this.#expectsKey = false;
        return;
      case 0x20:
      case 0x09:
      case 0x0a:
      case 0x0d:
        this.#take(byte);
        return;
      default:
        this.#beginValue();
        this.#take(byte);
    }
  }

  #open(isObject: boolean, byte: number): void {
    const depth = this.#isObject.length;
    if (depth >= DEPTH_MAX) {
      this.#broken = true;
      return;
    }
    if (depth === 0) {
      if (this.#seen) this.#broken = true;
      this.#seen = true;
      this.#base = isObject ? 0 : 1;
    }
    this.#beginValue();
    this.#take(byte);
    this.#isObject.push(isObject);
    if (depth === this.#base && isObject) {
      this.#values = new Map();
      this.#writtenId = undefined;
      this.#toolNames = [];
      this.#hasResult = false;
    }
    this.#expectsKey = isObject;
  }

  #close(byte: number): void {
    const wasObject = this.#isObject.pop();
    if (wasObject !== (byte === CLOSE_OBJECT)) {
      this.#broken = true;
      return;
    }
    this.#expectsKey = false;
    this.#take(byte);
    if (this.#captured && this.#isObject.length === this.#captureDepth) this.#endCapture();
    if (wasObject && this.#isObject.length === this.#base) this.#emit();
  }

  #level(): number {
    return this.#isObject.length - this.#base;
  }

  /** Whether what comes belongs directly to an element of `result.tools`. */
  #isInTool(): boolean {
    const [outer, inner] = this.#keys;
    return (
      inner === 'tools' &&
      outer === 'result' &&
      this.#level() === 4 &&
      this.#isObject[this.#base + 1] === true &&
      this.#isObject[this.#base + 2] === false &&
      this.#isObject[this.#base + 3] === true &&
      this.#toolNames.length < TOOL_NAMES_MAX
    );
  }

  #beginKey(): void {
    if (this.#captured) return;
    const level = this.#level();
    if (level === 1 || level === 2 || this.#isInTool()) this.#beginCapture('');
  }

  #beginValue(): void {
    if (this.#captured) return;
    const level = this.#level();
    const path =
      level === 1 ? this.#keys[0] : level === 2 ? `${this.#keys[0]}.${this.#keys[1]}` : '';
    if (level === 1 && path === 'result') this.#hasResult = true;
    if (path !== '' && this.#isObject.at(-1) === true && Object.hasOwn(WANTED, path))
      this.#beginCapture(path);
    else if (level === 4 && this.#toolKey === 'name' && this.#isInTool())
      this.#beginCapture(TOOL_NAME);
  }

  #beginCapture(path: string): void {
    this.#captured = [];
    this.#capturePath = path;
    this.#captureDepth = this.#isObject.length;
  }

  #take(byte: number): void {
    const captured = this.#captured;
    if (!captured) return;
    if (captured.length < CAPTURE_BYTES_MAX) captured.push(byte);
  }

  #endString(): void {
    this.#inString = false;
    if (this.#isKey) {
      if (
        this.#captured &&
        this.#capturePath === '' &&
        this.#captureDepth === this.#isObject.length
      ) {
        this.#noteKey(this.#captured.length > KEY_BYTES_MAX ? '' : this.#decodeKey());
        this.#captured = undefined;
      }
      return;
    }
    if (this.#captured && this.#captureDepth === this.#isObject.length) this.#endCapture();
  }

  #noteKey(key: string): void {
    const level = this.#level();
    if (level === 4) this.#toolKey = key;
    else this.#keys[level === 1 ? 0 : 1] = key;
  }

  #endPrimitive(): void {
    if (this.#captured && this.#captureDepth === this.#isObject.length) this.#endCapture();
  }

  #endCapture(): void {
    if (this.#capturePath !== '' && this.#captured && this.#captured.length < CAPTURE_BYTES_MAX) {
      if (this.#capturePath === TOOL_NAME) this.#noteToolName(this.#decode());
      else this.#values.set(this.#capturePath, this.#decode());
      if (this.#capturePath === 'id') this.#writtenId = this.#text().trim();
    }
    this.#captured = undefined;
  }

  #noteToolName(name: unknown): void {
    if (typeof name === 'string') this.#toolNames.push(name);
  }

  #decode(): unknown {
    try {
      return JSON.parse(this.#text());
    } catch {
      return undefined;
    }
  }

  #text(): string {
    return decoder.decode(Uint8Array.from(this.#captured ?? []));
  }

  #decodeKey(): string {
    const key = this.#decode();
    return typeof key === 'string' ? key : '';
  }

  #emit(): void {
    const part = (name: string): Record<string, unknown> | undefined => {
      const found: Record<string, unknown> = {};
      for (const [path, value] of this.#values) {
        if (path.startsWith(`${name}.`)) found[path.slice(name.length + 1)] = value;
      }
      return Object.keys(found).length === 0 ? undefined : found;
    };
    const parts: MessageParts = {
      id: this.#values.get('id'),
      writtenId: this.#writtenId,
      method: this.#values.get('method'),
      params: part('params'),
      error: part('error'),
      result: part('result'),
      toolNames: this.#toolNames.length === 0 ? undefined : this.#toolNames,
      hasResult: this.#hasResult,
    };
    this.#onMessage(factsOfParts(parts));
  }
}
