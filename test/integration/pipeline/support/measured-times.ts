interface MeasuredTimes {
  note(what: string, ms: number, goalMs?: number): void;
  /** One line each, for the output of the test run. */
  print(title: string): void;
}

export function createMeasuredTimes(): MeasuredTimes {
  const rows: (readonly [string, string, string])[] = [];
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  return {
    note(what, ms, goalMs) {
      rows.push([what, seconds(ms), goalMs === undefined ? '' : `(goal: < ${seconds(goalMs)})`]);
    },
    print(title) {
      const lines = rows.map(
        ([what, time, goal]) => `  ${what.padEnd(48)} ${time.padStart(8)} ${goal}`,
      );
      console.info([title, ...lines].join('\n'));
    },
  };
}
