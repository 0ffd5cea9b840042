import { fileURLToPath } from 'node:url';
import { Secret } from '../../src/facts/secret.ts';
import type { StdioTarget } from '../../src/facts/server.ts';

/** How the fake server of `stdio-server.ts` acts; what is left out is what a well-behaved legacy server does. */
export interface StdioBehaviour {
  readonly startDelayMs?: number;
  readonly exitAtOnce?: { readonly code: number; readonly stderr?: string };
  readonly discover?: 'unknown_method' | 'modern' | 'legacy_versions' | 'silent' | 'exit';
  /** How much later than everything else the answer to discover is sent. */
  readonly discoverDelayMs?: number;
  /** `take_over`: also after discover, and only legacy from then on. */
  readonly initialize?: 'answer' | 'refuse' | 'silent' | 'take_over';
  readonly ping?:
    'answer' | 'unknown_method' | 'silent' | 'crash' | 'huge_line' | 'ask_first' | 'null_id';
  readonly refusesLists?: boolean;
  readonly exitsAfterList?: boolean;
  /** Sends ids back as text. */
  readonly idsAsText?: boolean;
  /** After so many requests every further one gets an error, as if its session were unknown. */
  readonly answersMax?: number;
  /** Lines that are no JSON, before each answer. */
  readonly garbageLines?: number;
  readonly stderrBytes?: number;
  /** Ignores SIGTERM and the end of standard input. */
  readonly isStubborn?: boolean;
  /** Its process id becomes the server's version. */
  readonly grandchild?: 'in_group' | 'own_group';
}

export function fakeServer(
  behaviour: StdioBehaviour = {},
  env: Record<string, string> = {},
): StdioTarget {
  return {
    kind: 'stdio',
    command: process.execPath,
    args: [fileURLToPath(new URL('./stdio-server.ts', import.meta.url)), JSON.stringify(behaviour)],
    env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, new Secret(value)])),
  };
}
