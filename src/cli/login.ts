import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { startDeadline } from '../facts/deadline.ts';
import type { HttpTarget, OAuthSettings, ServerSpec } from '../facts/server.ts';
import { withFileLock } from '../protocol/oauth/file-lock.ts';
import { logIn, type LogInResult } from '../protocol/oauth/log-in.ts';
import { LoginFileError, type StoredLogin, writeLogin } from '../protocol/oauth/login-file.ts';
import {
  type LoopbackRedirect,
  openLoopbackRedirect,
} from '../protocol/oauth/loopback-redirect.ts';
import { findConfig } from '../settings/files.ts';
import { loadOneServer } from '../settings/load-config.ts';
import { formatProblems } from '../settings/source-file.ts';
import { type CommandContext, EXIT, type ExitCode } from './command-context.ts';
import { stripControls } from './strip-controls.ts';
import { suggestName } from './suggest-name.ts';
import { VERSION } from '../app/version.ts';

export interface LoginOptions {
  readonly name: string;
  readonly config?: string;
  /** `false` with `--no-browser`. */
  readonly browser: boolean;
  /** Of the redirect; by default any free one. */
  readonly port?: number;
}

/** A person may have to find a password and a second factor. */
const LOGIN_MS_MAX = 10 * 60_000;

interface LoginServer {
  readonly name: string;
  readonly target: HttpTarget;
  readonly oauth: OAuthSettings;
}

/** Logs a person in to a server with OAuth, and keeps the login for the service. */
export async function login(options: LoginOptions, context: CommandContext): Promise<ExitCode> {
  const { stdout, stderr, clock } = context;
  const found = await findServer(options, context);
  if (!found.ok) {
    stderr.stream.write(`${found.message}\n`);
    return EXIT.usage;
  }
  const { server } = found;
  const deadline = startDeadline(clock, LOGIN_MS_MAX);
  const stop = new AbortController();
  const removals = (['SIGINT', 'SIGTERM'] as const).map((signal) =>
    context.onSignal(signal, () => stop.abort()),
  );
  try {
    const signal = AbortSignal.any([deadline.signal, stop.signal]);
    const result = await runLogin(server, options, signal, context);
    if (!result.ok) {
      stderr.stream.write(`The login failed: ${stripControls(result.message)}.\n`);
      return EXIT.failed;
    }
    await withFileLock(server.oauth.loginFile, { clock, signal }, () =>
      writeLogin(server.oauth.loginFile, result.login),
    );
    stdout.stream.write(describeLogin(server, result.login));
    return EXIT.ok;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    const { loginFile } = server.oauth;
    const message =
      error instanceof LoginFileError ? error.message : `${loginFile} cannot be written (${code})`;
    stderr.stream.write(`${message}\n`);
    return EXIT.failed;
  } finally {
    deadline.end();
    for (const remove of removals) remove();
  }
}

async function runLogin(
  { target, oauth }: LoginServer,
  { port = 0, browser }: LoginOptions,
  signal: AbortSignal,
  context: CommandContext,
): Promise<LogInResult> {
  const state = randomBytes(24).toString('base64url');
  let redirect: LoopbackRedirect;
  try {
    redirect = await openLoopbackRedirect(port, state);
  } catch {
    return { ok: false, message: `port ${port} of this machine is not free` };
  }
  try {
    return await logIn({
      target,
      oauth,
      userAgent: `mcp-exporter/${VERSION}`,
      clock: context.clock,
      signal,
      redirectUrl: redirect.url,
      state,
      authorize: (url) => askPerson(url, redirect, browser, signal, context),
    });
  } finally {
    await redirect.close();
  }
}

/** The redirect arrives by itself, or a person pastes it: the browser may be on another machine. */
async function askPerson(
  url: URL,
  redirect: LoopbackRedirect,
  opensBrowser: boolean,
  signal: AbortSignal,
  { stdin, stdout, openBrowser }: CommandContext,
): Promise<URL | undefined> {
  const isOpened = opensBrowser && (await openBrowser(url.href));
  stdout.stream.write(
    `${isOpened ? 'Your browser opens this address; if it does not, open it yourself' : 'Open this address in a browser'}:\n\n${url.href}\n\nIf the browser is on another machine, it ends at an address that it cannot open: paste that address here.\n`,
  );
  const lines = createInterface({ input: stdin });
  lines.on('line', (line) => {
    if (line.trim() !== '' && !redirect.accept(line.trim()))
      stdout.stream.write('This is not the address at which this login ends.\n');
  });
  const stop = (): void => void redirect.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await redirect.arrived;
  } finally {
    signal.removeEventListener('abort', stop);
    lines.close();
  }
}

type FoundLogin =
  | { readonly ok: true; readonly server: LoginServer }
  | { readonly ok: false; readonly message: string };

async function findServer(
  { name, config }: LoginOptions,
  { env }: CommandContext,
): Promise<FoundLogin> {
  const path = config ?? (await findConfig());
  if (path === undefined)
    return refused('there is no configuration in this directory: name one with --config');
  const loaded = await loadOneServer(name, { path, env });
  if (!loaded.ok) return refused(formatProblems(loaded.problems));
  const { spec } = loaded;
  if (spec === undefined)
    return refused(
      `${path} has no server ${JSON.stringify(name)}${suggestName(name, loaded.names)}`,
    );
  return needsLogin(spec);
}

function needsLogin({ name, target, source, unresolved }: ServerSpec): FoundLogin {
  if (unresolved !== undefined) return refused(`${name} cannot be used: ${unresolved}`);
  if (target.kind === 'stdio')
    return refused(`${name} is a program; only remote servers have a login`);
  const { oauth } = target;
  if (oauth === undefined)
    return refused(`${name} has no auth: add auth: { oauth2: {} } to it (${source})`);
  if (oauth.grant === 'client_credentials')
    return refused(`${name} uses client credentials, which need no login (${source})`);
  return { ok: true, server: { name, target, oauth } };
}

function refused(message: string): FoundLogin {
  return { ok: false, message };
}

function describeLogin({ name, oauth }: LoginServer, { tokens, issuedAtMs }: StoredLogin): string {
  const kept = `Logged in to ${name}. The login is kept in ${oauth.loginFile}; a running service uses it with its next check.\n`;
  if (tokens.refresh_token !== undefined) return kept;
  const end =
    tokens.expires_in === undefined
      ? 'when the server no longer accepts it'
      : `at ${new Date(issuedAtMs + tokens.expires_in * 1000).toISOString()}`;
  return `${kept}The authorization server gave no refresh token, so the login ends ${end}; the scope offline_access may be missing.\n`;
}
