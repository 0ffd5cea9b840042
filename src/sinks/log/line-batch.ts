/** Lines that leave together: a write to a pipe costs several times what making the line does. */
export interface LineBatch {
  add(line: string): void;
  /** Hands on what waits, now. */
  flush(): void;
}

const DELAY_MS = 10;
const CHARS_MAX = 64 * 1024;

/** @param write gets whole lines, at most `DELAY_MS` after the first of them, and about `CHARS_MAX` at a time */
export function createLineBatch(write: (text: string, lineCount: number) => void): LineBatch {
  let text = '';
  let lineCount = 0;
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    if (lineCount === 0) return;
    clearTimeout(timer);
    const [waitingText, waitingCount] = [text, lineCount];
    text = '';
    lineCount = 0;
    write(waitingText, waitingCount);
  }

  return {
    add(line) {
      if (lineCount === 0) timer = setTimeout(flush, DELAY_MS);
      text += line;
      lineCount += 1;
      if (text.length >= CHARS_MAX) flush();
    },
    flush,
  };
}
