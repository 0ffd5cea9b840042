/** The label value that replaces a value beyond the bound. */
export const OVERFLOW_LABEL = '_OTHER';

export interface LabelBound {
  /** `value` itself while there is room for it, else `OVERFLOW_LABEL`. A value that was accepted once stays accepted. */
  fold(value: string): string;
  /** How many calls of `fold` returned `OVERFLOW_LABEL`. */
  foldedCount(): number;
}

export interface LabelBoundOptions {
  /** This many distinct values are accepted, first come, first served. */
  readonly valuesMax: number;
  /** Longer values (in UTF-8) are never accepted. */
  readonly bytesMax?: number;
}

const BYTES_MAX = 128;

/** Keeps the values of one label few and short, whatever is received. Text that is not well-formed Unicode is replaced too. */
export function createLabelBound({
  valuesMax,
  bytesMax = BYTES_MAX,
}: LabelBoundOptions): LabelBound {
  const values = new Set<string>();
  let folded = 0;
  return {
    fold(value) {
      if (values.has(value)) return value;
      const hasRoom = value !== OVERFLOW_LABEL && values.size < valuesMax;
      if (!hasRoom || !isShortText(value, bytesMax)) {
        folded += 1;
        return OVERFLOW_LABEL;
      }
      values.add(value);
      return value;
    },
    foldedCount: () => folded,
  };
}

function isShortText(value: string, bytesMax: number): boolean {
  // The length is tested first: a hostile value may be megabytes long.
  return value.length <= bytesMax && value.isWellFormed() && utf8Bytes(value) <= bytesMax;
}

/** Of well-formed text; without encoding it. */
function utf8Bytes(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    // A surrogate pair is four bytes: two for each half.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3;
  }
  return bytes;
}
