import { createJsonSkimmer, type JsonSkimmer } from '../json-skimmer.ts';
import type { MessageFacts } from '../message-facts.ts';

const NEW_LINE = 0x0a;

export interface LineReader {
  push(chunk: Buffer): void;
}

export interface LineReaderOptions {
  /** Longer lines are thrown away up to their end, without being kept in memory. */
  readonly lineBytesMax: number;
  readonly onLine: (line: string) => void;
  /** Called once for each line that is too long, as soon as that is known. */
  readonly onOversizedLine: () => void;
  /** The messages of such a line, once it has ended: what they are about, without their content. Without it they are not read. */
  readonly onSkimmedLine?: ((messages: readonly MessageFacts[]) => void) | undefined;
}

/** Cuts a byte stream into lines, wherever its chunks break. An unfinished last line is never handed on. */
export function createLineReader(options: LineReaderOptions): LineReader {
  let parts: Buffer[] = [];
  let partBytes = 0;
  let isDiscarding = false;
  let skimmer: JsonSkimmer | undefined;
  let skimmed: MessageFacts[] = [];

  function beginDiscarding(): void {
    isDiscarding = true;
    if (options.onSkimmedLine) {
      skimmer = createJsonSkimmer((facts) => skimmed.push(facts));
      for (const part of parts) skimmer.write(part);
    }
    parts = [];
    partBytes = 0;
    options.onOversizedLine();
  }

  function keep(part: Buffer): void {
    if (part.length === 0) return;
    if (!isDiscarding && partBytes + part.length > options.lineBytesMax) beginDiscarding();
    if (isDiscarding) {
      skimmer?.write(part);
      return;
    }
    parts.push(part);
    partBytes += part.length;
  }

  function finishLine(): void {
    if (isDiscarding) finishSkimming();
    const line = Buffer.concat(parts, partBytes).toString('utf8').trim();
    parts = [];
    partBytes = 0;
    if (line !== '') options.onLine(line);
  }

  function finishSkimming(): void {
    const messages = skimmed;
    isDiscarding = false;
    skimmer = undefined;
    skimmed = [];
    options.onSkimmedLine?.(messages);
  }

  return {
    push(chunk) {
      let start = 0;
      for (let end = chunk.indexOf(NEW_LINE); end !== -1; end = chunk.indexOf(NEW_LINE, start)) {
        keep(chunk.subarray(start, end));
        finishLine();
        start = end + 1;
      }
      keep(chunk.subarray(start));
    },
  };
}

export interface TextTail {
  push(chunk: Buffer): void;
  text(): string;
}

/** Keeps the end of a stream of text: at most `bytesMax` bytes and `linesMax` lines, whatever is pushed. */
export function createTextTail(limits: {
  readonly bytesMax: number;
  readonly linesMax: number;
}): TextTail {
  let tail: Buffer = Buffer.alloc(0);
  let isCut = false;
  return {
    push(chunk) {
      isCut ||= tail.length + chunk.length > limits.bytesMax;
      // Copied, since a view would keep its whole chunk in memory.
      tail =
        chunk.length >= limits.bytesMax
          ? Buffer.from(chunk.subarray(-limits.bytesMax))
          : Buffer.concat([tail, chunk]).subarray(-limits.bytesMax);
    },
    text() {
      const text = tail.toString('utf8');
      // A line that was cut is dropped: half a secret would not be masked.
      const whole = isCut ? text.replace(/^[^\n]*\n|^\S*\s?/u, '') : text;
      return whole.trim().split(/\r?\n/u).slice(-limits.linesMax).join('\n');
    },
  };
}
