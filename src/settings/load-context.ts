import type { Problem } from './problem.ts';
import type { ReadText } from './files.ts';

/** What every step of loading one configuration shares. */
export interface LoadContext {
  readonly path: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string | undefined;
  readonly readText: ReadText;
  readonly problems: Problem[];
  readonly warnings: Problem[];
}
