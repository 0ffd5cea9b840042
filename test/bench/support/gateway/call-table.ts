import { type CallFigures, type Measured, medianOf, ratioOf } from './measure-calls.ts';

type Pick = (figures: CallFigures) => number | undefined;

export interface TableOptions {
  /** Whether the stdio servers behind are worth a column. */
  readonly withServers?: boolean;
  readonly withUpstreamRequests?: boolean;
}

/** One line per contender; the first one is what the others' times are compared with. */
export function printCalls(measured: readonly Measured[], options: TableOptions = {}): void {
  const [direct] = measured;
  const bare = find(measured, 'bare');
  const cpu: Pick = ({ cpuUs }) => cpuUs;
  console.table(
    measured.map((rounds) => ({
      through: rounds[0]?.name,
      'CPU µs/call': show(medianOf(rounds, cpu), 0),
      ...(bare && { '× bare Node': show(ratioOf(rounds, bare, cpu), 2) }),
      ...(options.withServers && {
        'with servers': show(
          medianOf(rounds, ({ wholeCpuUs }) => wholeCpuUs),
          0,
        ),
      }),
      'p50 × direct': show(
        ratioOf(rounds, direct, ({ p50Ms }) => p50Ms),
        2,
      ),
      'p99 × direct': show(
        ratioOf(rounds, direct, ({ p99Ms }) => p99Ms),
        2,
      ),
      'p50 ms': show(
        medianOf(rounds, ({ p50Ms }) => p50Ms),
        2,
      ),
      'calls/s': show(
        medianOf(rounds, ({ callsPerSecond }) => callsPerSecond),
        0,
      ),
      'RSS MB': show(
        medianOf(rounds, ({ residentMb }) => residentMb),
        0,
      ),
      ...(options.withUpstreamRequests && {
        'upstream/call': show(
          medianOf(rounds, ({ upstreamPerCall }) => upstreamPerCall),
          3,
        ),
      }),
      failed: rounds.reduce((sum, { failures }) => sum + failures, 0),
    })),
  );
}

export function find(measured: readonly Measured[], start: string): Measured | undefined {
  return measured.find(([first]) => first?.name.startsWith(start));
}

export function show(value: number | undefined, digits: number): string {
  return value === undefined || Number.isNaN(value) ? '–' : value.toFixed(digits);
}

/** A goal beside what was measured. */
export function printGoal(goal: string, value: number | undefined, most: number, unit = ''): void {
  const verdict =
    value === undefined || Number.isNaN(value) ? 'not measured' : value <= most ? 'met' : 'MISSED';
  console.log(`  ${verdict.padEnd(12)} ${goal}: ${show(value, 2)}${unit} (goal ≤ ${most}${unit})`);
}
