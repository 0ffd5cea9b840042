import type { Clock } from '../facts/ports/clock.ts';
import { PHASES } from '../facts/probe-outcome.ts';
import type { Measurement, RequestFailure } from './probe-client.ts';

/** Steps kept of one check; a ladder has about ten. */
const STEPS_MAX = 50;

export function createMeasurement(): Measurement {
  return { phasesMs: {}, steps: [], bytesSent: 0, bytesReceived: 0, authorizationMs: 0 };
}

export function addStep(
  measurement: Measurement,
  step: {
    readonly name: string;
    readonly durationMs: number;
    readonly ok: boolean;
    readonly detail: string;
  },
): void {
  if (measurement.steps.length < STEPS_MAX) measurement.steps.push(step);
}

/** Adds what `part` measured to `whole`. */
export function mergeMeasurement(part: Measurement, whole: Measurement): void {
  for (const step of part.steps) addStep(whole, step);
  for (const phase of PHASES) {
    const durationMs = part.phasesMs[phase];
    if (durationMs !== undefined) whole.phasesMs[phase] = (whole.phasesMs[phase] ?? 0) + durationMs;
  }
  whole.bytesSent += part.bytesSent;
  whole.bytesReceived += part.bytesReceived;
  whole.authorizationMs += part.authorizationMs;
  if (part.roundTrip !== undefined) whole.roundTrip = part.roundTrip;
  if (part.tlsExpiresAtMs !== undefined) whole.tlsExpiresAtMs = part.tlsExpiresAtMs;
}

/** Runs one step of a check and notes its time and what came of it. `describe` says it in words on success. */
export async function timeStep<
  T extends { readonly ok: true } | { readonly ok: false; readonly failure: RequestFailure },
>(
  measurement: Measurement,
  clock: Clock,
  name: string,
  run: () => Promise<T>,
  describe: (result: Extract<T, { readonly ok: true }>) => string,
): Promise<T> {
  const startedAt = clock.monotonicMs();
  const result = await run();
  const durationMs = clock.monotonicMs() - startedAt;
  const detail = isOk(result)
    ? describe(result)
    : (result as { failure: RequestFailure }).failure.detail;
  addStep(measurement, { name, durationMs, ok: result.ok, detail });
  return result;
}

function isOk<T extends { readonly ok: boolean }>(
  result: T,
): result is Extract<T, { readonly ok: true }> {
  return result.ok;
}
