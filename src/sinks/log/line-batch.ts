import type { Clock, Timer } from '../../facts/ports/clock.ts';

/** Lines that are written together: a write to a pipe costs several times as much as making the line. */
export interface LineBatch {
  add(line: string): void;
  /** Writes what is waiting, now. */
  flush(): void;
}

const DELAY_MS = 10;
const CHARS_MAX = 64 * 1024;

/** @param write gets whole lines, at most `DELAY_MS` after the first of them, and about `CHARS_MAX` at a time */
export function createLineBatch(
  clock: Clock,
  write: (text: string, lineCount: number) => void,
): LineBatch {
  let text = '';
  let lineCount = 0;
  let timer: Timer | undefined;

  function flush(): void {
    if (lineCount === 0) return;
    timer?.cancel();
    const [waitingText, waitingCount] = [text, lineCount];
    text = '';
    lineCount = 0;
    write(waitingText, waitingCount);
  }

  return {
    add(line) {
      if (lineCount === 0) timer = clock.after(DELAY_MS, flush);
      text += line;
      lineCount += 1;
      if (text.length >= CHARS_MAX) flush();
    },
    flush,
  };
}
