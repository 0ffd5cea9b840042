import { createReadStream } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { Problem } from './source-file.ts';

/** A file's text, or why there is none, as the end of a sentence: "./a.pem does not exist". */
export type TextResult =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };
export type ReadText = (path: string) => Promise<TextResult>;

/** 10,000 servers take about 2 MB. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
  EISDIR: 'is a directory',
  ELOOP: 'is a symbolic link to itself',
};

/** Reads at most 16 MiB of UTF-8, also from a pipe. Never rejects. */
export async function readText(path: string): Promise<TextResult> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > FILE_BYTES_MAX)
        return { ok: false, reason: `is larger than ${FILE_BYTES_MAX / 1024 ** 2} MiB` };
      chunks.push(chunk);
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return { ok: false, reason: REASONS[code] ?? `cannot be read (${code})` };
  }
  try {
    return {
      ok: true,
      text: new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)),
    };
  } catch {
    return { ok: false, reason: 'is not UTF-8 text' };
  }
}

/** Whether there is a file that can be started. Never rejects. */
export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** A path relative to the folder of the file that names it; `~/` is the home directory. */
export function resolvePath(path: string, directory: string, home: string | undefined): string {
  if (home !== undefined && (path === '~' || path.startsWith('~/')))
    return join(home, path.slice(1));
  return isAbsolute(path) ? path : join(directory, path);
}

export const CONFIG_FILE_NAMES = ['mcp-exporter.yml', 'mcp-exporter.yaml'] as const;

/** The configuration of a folder; undefined if it has none and the bundled demonstration server is to be watched. */
export async function findConfig(directory = '.'): Promise<string | undefined> {
  for (const name of CONFIG_FILE_NAMES) {
    const path = join(directory, name);
    try {
      await access(path);
      return path;
    } catch {
      // Missing or not readable: try the next name.
    }
  }
  return undefined;
}

/** What every step of loading one configuration shares. */
export interface LoadContext {
  readonly path: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string | undefined;
  readonly readText: ReadText;
  readonly isFile: (path: string) => Promise<boolean>;
  readonly problems: Problem[];
  readonly warnings: Problem[];
}
