import type { ExitReason } from '../../facts/child-facts.ts';
import type { FailureFacts } from '../classify-failure.ts';

/** How a child ended. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Whether we ended it. */
  readonly wasStopped: boolean;
  readonly livedMs: number;
  /** The last lines of standard error, masked. */
  readonly stderrTail: string;
}

/** What the end of a child means for pending requests. */
export function exitFacts({ code, signal, stderrTail }: ChildEnd): FailureFacts {
  return { kind: 'exit', code, signal, lastLine: tellingLine(stderrTail) };
}

export function exitReasonOf(end: ChildEnd): ExitReason {
  if (end.wasStopped) return 'stopped';
  if (end.signal !== null) return 'signal';
  return end.code === 0 ? 'exit_zero' : 'exit_nonzero';
}

/** The line of a crash report that names the error: the last line is often only a version or a brace. */
function tellingLine(stderrTail: string): string {
  const lines = stderrTail.split('\n').filter((line) => line.trim() !== '');
  const naming = lines.findLast((line) =>
    /^(?=\S).*(?:error|exception|panic|fatal|not found|cannot)/iu.test(line),
  );
  return naming ?? lines.at(-1) ?? '';
}
