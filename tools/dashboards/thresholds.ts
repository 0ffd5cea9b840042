/** From `value` on the colour holds; the first one has no value. */
export interface Threshold {
  readonly value: number | null;
  readonly color: string;
}

const GOOD = 'green';
const DOUBTFUL = 'yellow';
const BAD = 'red';

/** More is worse. */
function rising(warning: number, critical: number): readonly Threshold[] {
  return [
    { value: null, color: GOOD },
    { value: warning, color: DOUBTFUL },
    { value: critical, color: BAD },
  ];
}

/** Less is worse. */
function falling(critical: number, warning: number): readonly Threshold[] {
  return [
    { value: null, color: BAD },
    { value: critical, color: DOUBTFUL },
    { value: warning, color: GOOD },
  ];
}

/** Where the pages change their colour: the same everywhere, and the same as the alerts. */
export const THRESHOLDS = {
  latencySeconds: rising(0.5, 1),
  errorRatio: rising(0.01, 0.05),
  uptimeRatio: falling(0.99, 0.999),
  saturation: rising(0.7, 0.85),
  budgetLeft: falling(0, 0.25),
  burnRate: rising(1, 6),
  daysLeft: falling(14, 30),
  /** None is right. */
  any: rising(1, 1),
  warnings: [
    { value: null, color: GOOD },
    { value: 1, color: DOUBTFUL },
  ],
  none: [{ value: null, color: 'blue' }],
} as const satisfies Record<string, readonly Threshold[]>;
