import { resultWithin } from '../../facts/deadline.ts';
import { HttpProblem } from './http-problem.ts';
import type { HttpAppDeps } from './ports.ts';

/** Throws 404 if the journal is off. */
export function requireJournal({ journal }: Pick<HttpAppDeps, 'journal'>): void {
  if (journal.state().status === 'off')
    throw new HttpProblem(404, 'The journal is off (journal.path), so nothing is recorded.');
}

/** Throws 503 if the journal fails, so that the client sends its request again. */
export async function askJournal<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HttpProblem(503, `The journal is unavailable: ${reason}`, { 'Retry-After': '5' });
  }
}

export type Kept<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

/** A page shows the rest if the journal does not answer within this time. */
const PATIENCE_MS = 1_500;

export async function askBriefly<T>(
  { clock, journal }: Pick<HttpAppDeps, 'clock' | 'journal'>,
  ask: () => Promise<T>,
): Promise<Kept<T>> {
  const { status, detail } = journal.state();
  if (status === 'off') return { ok: false, message: detail };
  const answer = ask().then(
    (value): Kept<T> => ({ ok: true, value }),
    (error: unknown): Kept<T> => ({
      ok: false,
      message: error instanceof Error ? error.message : String(error),
    }),
  );
  const first = await resultWithin(clock, PATIENCE_MS, answer);
  return first ?? { ok: false, message: 'The journal is not responding.' };
}
