interface MeasuredTimes {
  note(what: string, ms: number, goalMs?: number): void;
  /** Several of the same: their median, which is what the goal is about, and their range. */
  noteAll(what: string, ms: readonly number[], goalMs?: number): void;
  /** One line each, for the output of the test run. */
  print(title: string): void;
}

export function createMeasuredTimes(): MeasuredTimes {
  const lines: string[] = [];
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  const goal = (goalMs: number | undefined): string =>
    goalMs === undefined ? '' : ` (goal: < ${seconds(goalMs)})`;
  const add = (what: string, told: string): void => {
    lines.push(`  ${what.padEnd(40)} ${told}`);
  };
  return {
    note(what, ms, goalMs) {
      add(what, seconds(ms) + goal(goalMs));
    },
    noteAll(what, ms, goalMs) {
      const sorted = ms.toSorted((a, b) => a - b);
      const median = sorted[Math.floor(sorted.length / 2)] ?? NaN;
      const all = sorted.map(seconds).join(', ');
      add(what, `${seconds(median)} median of ${all}${goal(goalMs)}`);
    },
    print(title) {
      if (lines.length > 0) console.info([title, ...lines].join('\n'));
    },
  };
}
