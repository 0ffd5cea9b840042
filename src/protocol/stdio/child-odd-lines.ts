import { excerpt } from '../classify-failure.ts';

/** In the order in which they are described. */
const ODDITIES = ['is no JSON', 'is no JSON-RPC', 'answers nothing'] as const;
export type Oddity = (typeof ODDITIES)[number];

const PLURALS: Readonly<Record<Oddity, string>> = {
  'is no JSON': 'are no JSON',
  'is no JSON-RPC': 'are no JSON-RPC',
  'answers nothing': 'answer nothing',
};

export interface OddLines {
  add(oddity: Oddity, line: string): void;
  /** For example `skipped 3 lines that are no JSON, first: "Listening"`; empty if nothing was added since the last call. */
  take(): string;
}

/** Counts the lines of standard output that are skipped, and keeps the first of each kind, shortened. */
export function createOddLines(mask: (text: string) => string): OddLines {
  const seen = new Map<Oddity, { readonly first: string; count: number }>();
  return {
    add(oddity, line) {
      const entry = seen.get(oddity);
      if (entry) entry.count += 1;
      // Masked before it is cut: half a secret would not be masked.
      else seen.set(oddity, { first: excerpt(mask(line.slice(0, 4096))), count: 1 });
    },
    take() {
      const told = ODDITIES.flatMap((oddity) => {
        const entry = seen.get(oddity);
        if (!entry) return [];
        const what =
          entry.count === 1
            ? `1 line that ${oddity}`
            : `${entry.count} lines that ${PLURALS[oddity]}`;
        return `skipped ${what}, ${entry.count === 1 ? '' : 'first: '}"${entry.first}"`;
      });
      seen.clear();
      return told.join('; ');
    },
  };
}
