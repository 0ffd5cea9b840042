import { stringify } from 'csv-stringify/sync';
import type { JsonObject } from '../../../facts/json-object.ts';
import { queryChoice } from '../request-values.ts';
import type { Parameter } from './parameters.ts';

export const FORMATS = ['json', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

/** Whether the caller wants CSV: by the query, or else by `Accept`. */
export function format(): Parameter<Format> {
  return {
    description: 'Instead of the header Accept.',
    schema: { type: 'string', enum: FORMATS },
    read: (request, name) =>
      queryChoice(request, name, FORMATS) ??
      (request.accepts(['application/json', 'text/csv']) === 'text/csv' ? 'csv' : 'json'),
  };
}

/**
 * Rows as CSV (RFC 4180) with a header line. What is no text or number is JSON text in its cell. A text that a spreadsheet
 * would run as a formula gets an apostrophe in front.
 * @param columns in order
 */
export function toCsv(rows: readonly JsonObject[], columns: readonly string[]): string {
  return stringify([...rows], {
    header: true,
    columns: [...columns],
    record_delimiter: 'windows',
    escape_formulas: true,
    cast: { object: (value) => JSON.stringify(value), boolean: String },
  });
}
