import { asEpochMs, type EpochMs } from '../../facts/time.ts';

export type Row = Readonly<Record<string, unknown>>;

export function numberOf(row: Row | undefined, column: string): number {
  return Number(row?.[column] ?? 0);
}

export function epochOf(row: Row | undefined, column: string): EpochMs {
  return asEpochMs(numberOf(row, column));
}

/** Nothing for NULL. */
export function knownNumber(row: Row, column: string): number | undefined {
  const value = row[column];
  return typeof value === 'number' ? value : undefined;
}

/** Nothing for NULL. */
export function knownEpoch(row: Row, column: string): EpochMs | undefined {
  const value = knownNumber(row, column);
  return value === undefined ? undefined : asEpochMs(value);
}

export function textOf(row: Row, column: string): string {
  const value = row[column];
  return typeof value === 'string' ? value : '';
}

/** A column that was written by ourselves as JSON of a flat object. */
export function textsOf(row: Row, column: string): Readonly<Record<string, string>> {
  return JSON.parse(textOf(row, column) || '{}') as Record<string, string>;
}

/** A column of bytes as hexadecimal digits. */
export function hexOf(row: Row, column: string): string {
  const value = row[column];
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : '';
}
