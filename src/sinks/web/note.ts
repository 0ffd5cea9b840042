import { HttpProblem } from './http-problem.ts';

const NOTE_CHARS_MAX = 2_000;

/** The field `text` of a form or a JSON body. Throws a 400. */
export function readNote(body: unknown): string {
  const text: unknown =
    typeof body === 'object' && body !== null && 'text' in body ? body.text : '';
  const note = typeof text === 'string' ? text.trim().toWellFormed() : '';
  if (note !== '' && note.length <= NOTE_CHARS_MAX) return note;
  throw new HttpProblem(400, `text must be a note of 1 to ${NOTE_CHARS_MAX} characters.`);
}
