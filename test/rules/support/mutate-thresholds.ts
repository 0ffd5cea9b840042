import type { AlertRule } from '../../../src/catalog/rule-file.ts';

/** An alert that says something else than it should; its tests have to notice. */
export interface Mutant {
  /** For a person. */
  readonly change: string;
  readonly rule: AlertRule;
}

/** Far enough for the distance that the tests keep from a threshold, which is a seventh at most for counts of few. */
const LOWER = 0.8;
const HIGHER = 1.4;
/** A comparison with a number, a limit or a band; being above 0, below 1 or equal to something is a state. */
const COMPARISON =
  /(?<operator>(?<![=!])[<>]=?)(?<between> (?:on \(slo\) group_left \(\) \()?\(?)(?=(?!0(?!\S)|(?<=< )1(?!\S))(?:[\d.]|scalar\(|mcp:anomaly:))/g;

/**
 * Alerts with one threshold lower or higher, and without their wait. The first comparison is what an alert is about and
 * moves both ways; those behind it are floors, which move down.
 */
export function mutateThresholds(rule: AlertRule): Mutant[] {
  const { expr } = rule;
  const moved = [...expr.matchAll(COMPARISON)].flatMap(({ index, groups, 0: text }, position) => {
    const isCeiling = groups?.['operator']?.startsWith('<') === true;
    const factors = position === 0 ? [LOWER, HIGHER] : [isCeiling ? HIGHER : LOWER];
    return factors.map((factor) => ({
      change: `threshold ${position + 1} times ${factor}`,
      rule: {
        ...rule,
        expr: `${expr.slice(0, index)}${text}${factor} * ${expr.slice(index + text.length)}`,
      },
    }));
  });
  const { for: wait, ...hasty } = rule;
  return wait === undefined ? moved : [...moved, { change: 'no wait', rule: hasty }];
}
