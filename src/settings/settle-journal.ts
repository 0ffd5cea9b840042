import { createHash } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import type { z } from 'zod';
import type { JournalConfig } from './config.ts';
import { JOURNAL_DEFAULTS, type JournalSchema } from './journal-schema.ts';
import type { LoadContext } from './load-context.ts';
import { resolvePath } from './resolve-path.ts';
import { parseDuration, parseSize } from './units.ts';

/** @param input nothing for a client's file */
export function settleJournal(
  input: z.output<typeof JournalSchema> | undefined,
  context: LoadContext,
  isClientFile: boolean,
): JournalConfig {
  const path = isClientFile
    ? pathForClientFile(context)
    : pathOf(input?.path ?? JOURNAL_DEFAULTS.path, context);
  return {
    ...(path === undefined ? {} : { path }),
    checksMs: input?.checks ?? parseDuration(JOURNAL_DEFAULTS.checks) ?? 0,
    alertsMs: input?.alerts ?? parseDuration(JOURNAL_DEFAULTS.alerts) ?? 0,
    bytesMax: input?.maxSize ?? parseSize(JOURNAL_DEFAULTS.maxSize) ?? 0,
  };
}

function pathOf(written: string, { path, home }: LoadContext): string | undefined {
  return written === 'off' ? undefined : resolvePath(written, dirname(path), home);
}

/** The folder of a client is not ours to put files into (XDG Base Directory Specification: `$XDG_STATE_HOME`). */
function pathForClientFile({ path, env, home }: LoadContext): string | undefined {
  const named = env['XDG_STATE_HOME'];
  const states = named?.startsWith('/') ? named : home && join(home, '.local', 'state');
  if (states === undefined || states === '') return undefined;
  // One for each file, since two services cannot share one.
  const hash = createHash('sha256').update(resolve(path)).digest('hex').slice(0, 12);
  return join(states, 'mcp-exporter', `journal-${hash}.sqlite`);
}
