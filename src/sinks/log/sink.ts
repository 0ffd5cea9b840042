import type { Writable } from 'node:stream';
import { resultWithin } from '../../facts/deadline.ts';
import type { Clock } from '../../facts/ports/clock.ts';

export interface SinkOptions {
  /** The name for the operator: a path, or "standard output". */
  readonly name: string;
  /** Called for the first line, and again some time after a failure. May return the same stream. */
  readonly open: () => Writable;
  /** Whether `close` ends the stream. */
  readonly isOwned: boolean;
  /** Reports in one line that writing fails or works again; must reach the operator another way. */
  readonly report: (line: string) => void;
  readonly clock: Clock;
  readonly bufferBytesMax?: number;
  readonly reopenAfterMs?: number;
}

/** Takes lines and never throws, blocks or grows: what cannot be written in time is dropped and counted. */
export interface Sink {
  /** @param lineCount lines in `text`, which are written or dropped as one */
  write(text: string, lineCount?: number): void;
  /** Lines that were lost so far. */
  dropped(): number;
  /** Waits until the buffer is written, but no longer than `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}

const BUFFER_BYTES_MAX = 1024 * 1024;
const REOPEN_AFTER_MS = 5_000;

/**
 * A full disk, or a reader that goes away or reads too slowly, must not affect the service. A failed stream is given up and
 * opened again later, with the next line: no timer runs, and an idle service does nothing.
 */
export function createSink(options: SinkOptions): Sink {
  return new GuardedStream(options);
}

class GuardedStream implements Sink {
  readonly #options: SinkOptions;
  readonly #guarded = new WeakSet<Writable>();
  #stream: Writable | undefined;
  #reopenAtMs = -Infinity;
  #isFailing = false;
  #isClosed = false;
  #droppedCount = 0;

  constructor(options: SinkOptions) {
    this.#options = options;
  }

  write(text: string, lineCount = 1): void {
    const { bufferBytesMax = BUFFER_BYTES_MAX } = this.#options;
    const target = this.#isClosed ? undefined : (this.#stream ?? this.#reopen());
    if (target === undefined) {
      this.#droppedCount += lineCount;
    } else if (target.writableLength + text.length > bufferBytesMax) {
      this.#droppedCount += lineCount;
      this.#complain('it takes them too slowly');
    } else {
      target.write(text, (error) => this.#onWritten(target, error, lineCount));
    }
  }

  dropped(): number {
    return this.#droppedCount;
  }

  async close(timeoutMs: number): Promise<void> {
    this.#isClosed = true;
    const target = this.#stream;
    if (target === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#options.isOwned) target.once('close', resolve).end();
    else target.write('', () => resolve());
    await resultWithin(this.#options.clock, timeoutMs, promise);
    if (this.#options.isOwned) target.destroy();
  }

  #complain(reason: string): void {
    const { name, report } = this.#options;
    if (!this.#isFailing)
      report(`The log cannot be written to ${name}: ${reason}. Lines are dropped.`);
    this.#isFailing = true;
  }

  #giveUp(error: unknown): void {
    const { clock, reopenAfterMs = REOPEN_AFTER_MS } = this.#options;
    this.#stream = undefined;
    this.#reopenAtMs = clock.monotonicMs() + reopenAfterMs;
    this.#complain(error instanceof Error ? error.message : String(error));
  }

  #reopen(): Writable | undefined {
    if (this.#options.clock.monotonicMs() < this.#reopenAtMs) return undefined;
    try {
      const opened = this.#options.open();
      if (opened.destroyed) throw new Error('it is closed');
      // Once per stream: a second error of a stream that was given up must not become an uncaught one.
      if (!this.#guarded.has(opened))
        opened.on('error', (error) => opened === this.#stream && this.#giveUp(error));
      this.#guarded.add(opened);
      this.#stream = opened;
    } catch (error) {
      this.#giveUp(error);
    }
    return this.#stream;
  }

  #onWritten(target: Writable, error: Error | null | undefined, lineCount: number): void {
    const { name, report } = this.#options;
    if (error) {
      this.#droppedCount += lineCount;
      if (target === this.#stream) this.#giveUp(error);
    } else if (this.#isFailing && target === this.#stream && target.writableLength === 0) {
      this.#isFailing = false;
      report(`The log is written to ${name} again. Lines lost so far: ${this.#droppedCount}.`);
    }
  }
}
