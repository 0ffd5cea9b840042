import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type {
  AuthorizationServerMetadata,
  OAuthClientInformationMixed,
  OAuthTokens,
} from '@modelcontextprotocol/client';
import { isJsonObject } from '../../facts/json-object.ts';
import { asEpochMs, type EpochMs } from '../../facts/time.ts';

/** What a person's login left: everything that renewing its access token takes. */
export interface StoredLogin {
  /** The MCP server. Tokens are sent nowhere else, even if the configuration has another address by now. */
  readonly serverUrl: string;
  readonly authorizationServerUrl: string;
  readonly metadata?: AuthorizationServerMetadata;
  readonly resource?: string;
  readonly client: OAuthClientInformationMixed;
  readonly tokens: OAuthTokens;
  readonly issuedAtMs: EpochMs;
}

/** Refresh tokens are as good as passwords. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/** Undefined if there is no file. Rejects if it cannot be read, or holds something else. */
export async function readLogin(path: string): Promise<StoredLogin | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new LoginFileError(`${path} cannot be read (${codeOf(error)})`);
  }
  const login = parseLogin(text);
  if (login === undefined) throw new LoginFileError(`${path} holds no login`);
  return login;
}

/** Its message names the file, and none of its content. */
export class LoginFileError extends Error {
  override readonly name = 'LoginFileError';
}

/** Replaces the file in one step, readable by its owner only. Rejects with a `LoginFileError`. */
export async function writeLogin(path: string, login: StoredLogin): Promise<void> {
  const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await mkdir(dirname(path), { recursive: true, mode: DIRECTORY_MODE });
    const handle = await open(temporary, 'wx', FILE_MODE);
    try {
      await handle.writeFile(`${JSON.stringify({ version: 1, ...login }, undefined, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new LoginFileError(`${path} cannot be written (${codeOf(error)})`);
  }
}

/** Differs once the file was replaced. */
export async function versionOfLogin(path: string): Promise<string> {
  try {
    const { ino, mtimeMs, size } = await stat(path);
    return `${ino}-${mtimeMs}-${size}`;
  } catch (error) {
    return codeOf(error);
  }
}

function parseLogin(text: string): StoredLogin | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value) || value['version'] !== 1) return undefined;
  const { serverUrl, authorizationServerUrl, metadata, resource, client, tokens, issuedAtMs } =
    value;
  if (typeof serverUrl !== 'string' || typeof authorizationServerUrl !== 'string') return undefined;
  if (!isJsonObject(client) || typeof client['client_id'] !== 'string') return undefined;
  if (!isJsonObject(tokens) || typeof tokens['access_token'] !== 'string') return undefined;
  if (typeof issuedAtMs !== 'number') return undefined;
  return {
    serverUrl,
    authorizationServerUrl,
    // Written by us from what the SDK had checked.
    ...(isJsonObject(metadata) && {
      metadata: metadata as unknown as AuthorizationServerMetadata,
    }),
    ...(typeof resource === 'string' && { resource }),
    client: client as unknown as OAuthClientInformationMixed,
    tokens: tokens as unknown as OAuthTokens,
    issuedAtMs: asEpochMs(issuedAtMs),
  };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
