/** What must be ended, last begun first. Outside of a test too, where there is no `onTestFinished`. */
export interface Ending {
  add(end: () => Promise<void> | void): void;
  /** Once; a second time there is nothing left to end. */
  run(): Promise<void>;
}

export function createEnding(): Ending {
  const ends: (() => Promise<void> | void)[] = [];
  return {
    add: (end) => void ends.push(end),
    async run() {
      for (let end = ends.pop(); end; end = ends.pop()) await end();
    },
  };
}
