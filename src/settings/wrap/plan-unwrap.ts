import { Secret } from '../../facts/secret.ts';
import type { ListenAddress } from '../../facts/service-settings.ts';
import { argumentSecrets, urlSecrets } from '../secrets.ts';
import { formatProblems } from '../source-file.ts';
import {
  type ClientEntry,
  connectionOf,
  readClientEntries,
  readWrappedEntry,
  replaceConnection,
  toOwnEntry,
} from './client-entries.ts';
import { hasWrapped, isSameOwnFile, readOwnEntry, removeOwnEntries } from './own-entries.ts';
import type { LeftEntry } from './plan-wrap.ts';

export interface UnwrapRequest {
  /** Absolute. */
  readonly clientFile: string;
  readonly clientText: string;
  /** The file as it was before the first wrap. */
  readonly backupText: string | undefined;
  /** Our own file; undefined if it does not exist. */
  readonly ownText: string | undefined;
  /** Our own file as it was before the first wrap. */
  readonly ownBackupText: string | undefined;
  /** Where the gateway listens. */
  readonly listen: ListenAddress | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string | undefined;
}

export interface UnwrapPlan {
  readonly clientText: string;
  /** Whether `clientText` is the backup, byte for byte. */
  readonly isBackup: boolean;
  readonly ownText: string | undefined;
  /** Whether `ownText` is the backup of our file, byte for byte. */
  readonly isOwnBackup: boolean;
  readonly restored: readonly string[];
  readonly left: readonly LeftEntry[];
  /** Servers that were removed from our file. */
  readonly removed: readonly string[];
  /** Servers that stay there: edited since, needed by another client, or added manually. */
  readonly kept: readonly string[];
  readonly secrets: readonly Secret[];
}

export type UnwrapResult =
  | { readonly ok: true; readonly plan: UnwrapPlan }
  | { readonly ok: false; readonly message: string };

/** Works out both files as they were, or as near as edits made since allow. */
export function planUnwrap(request: UnwrapRequest): UnwrapResult {
  const { clientFile, clientText, backupText, ownText } = request;
  const now = readClientEntries(clientFile, clientText);
  if (!now.ok) return { ok: false, message: formatProblems(now.problems) };
  const before = backupText === undefined ? undefined : readClientEntries(clientFile, backupText);
  const originals = before?.ok ? before.entries : [];
  const wrapped = now.entries.filter(({ value }) => readWrappedEntry(value, request.listen));

  const sources = wrapped.map((entry) => ({
    entry,
    original: originalOf(entry, originals, request),
  }));
  const left = sources.flatMap(({ entry, original }) =>
    original
      ? []
      : [{ name: entry.name, why: 'neither the backup nor our configuration has its original' }],
  );
  const found = sources.flatMap(({ entry, original }) => (original ? [{ entry, original }] : []));
  const isBackup =
    backupText !== undefined && left.length === 0 && isWrapOf(clientText, backupText, wrapped);
  const moved = found.map(({ original }) => ({
    name: original.name,
    value: toOwnEntry(original, clientFile, request),
  }));
  const cleaned = ownText === undefined ? undefined : removeOwnEntries(ownText, moved, clientFile);
  const removed = cleaned?.removed ?? [];
  const { ownBackupText } = request;
  const isOwnBackup =
    cleaned !== undefined &&
    ownBackupText !== undefined &&
    !hasWrapped(cleaned.text) &&
    isSameOwnFile(cleaned.text, ownBackupText);
  return {
    ok: true,
    plan: {
      clientText: isBackup
        ? backupText
        : found.reduce(
            (edited, { entry, original }) =>
              replaceConnection(edited, entry, connectionOf(original.value)),
            clientText,
          ),
      isBackup,
      ownText: isOwnBackup ? ownBackupText : cleaned?.text,
      isOwnBackup,
      restored: found.map(({ entry }) => entry.name),
      left,
      removed,
      kept: moved.map(({ name }) => name).filter((name) => !removed.includes(name)),
      secrets: found.flatMap(({ original }) => secretsOf(original)),
    },
  };
}

/** Whether `text` differs from `backup` by our own edits only. */
function isWrapOf(text: string, backup: string, wrapped: readonly ClientEntry[]): boolean {
  const edited = wrapped.reduce(
    (before, entry) => replaceConnection(before, entry, connectionOf(entry.value)),
    backup,
  );
  return edited === text;
}

function originalOf(
  entry: ClientEntry,
  originals: readonly ClientEntry[],
  { listen, ownText }: UnwrapRequest,
): ClientEntry | undefined {
  const backedUp = originals.find(
    ({ block, name }) => block === entry.block && name === entry.name,
  );
  if (backedUp && !readWrappedEntry(backedUp.value, listen)) return backedUp;
  const server = readWrappedEntry(entry.value, listen)?.server ?? entry.name;
  const value = ownText === undefined ? undefined : readOwnEntry(ownText, server);
  return value && { ...entry, value };
}

/** Secrets outside `env` and `headers`, which are masked as a whole. */
function secretsOf({ value: { args, url } }: ClientEntry): Secret[] {
  const address = typeof url === 'string' ? URL.parse(url) : undefined;
  const texts = Array.isArray(args) ? args.map(String) : [];
  return [...argumentSecrets(texts), ...(address ? urlSecrets(address) : [])].map(
    (secret) => new Secret(secret),
  );
}
