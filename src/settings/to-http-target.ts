import type { HttpTarget } from '../facts/server.ts';
import type { SecretBag } from './collect-secrets.ts';
import { createHttpTarget, type HttpTargetResult } from './create-http-target.ts';
import type { MonitorInput } from './monitor-schema.ts';
import { resolvePath } from './resolve-path.ts';
import type { EntryContext, ServerEntry } from './server-entry.ts';

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// Control characters other than tab, and what one byte cannot hold: fetch would throw on them at each check.
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const CERTIFICATE = '-----BEGIN CERTIFICATE-----';
/** Stands in for a URL that an unresolved variable leaves unreadable; never called, since the server is not checked. */
const UNRESOLVED_URL = 'http://unresolved.invalid/';

/** Builds the target of a remote server out of a configuration's entry. */
export async function toHttpTarget(
  entry: ServerEntry,
  tls: TlsInput | undefined,
  secrets: SecretBag,
  isUnresolved: boolean,
  context: EntryContext,
): Promise<HttpTargetResult | undefined> {
  const url = readUrl(entry, isUnresolved, context);
  const headers = readHeaders(entry, context);
  if (url === undefined) return undefined;
  const input = {
    url,
    headers,
    transport: chooseTransport(entry),
    tlsCa: await readAuthorities(tls, context),
    tlsSkipVerify: tls?.values.insecureSkipVerify ?? false,
  };
  return createHttpTarget(input, secrets);
}

/** The settings that hold, and how to report a mistake in the file that they come from. */
export interface TlsInput {
  readonly values: NonNullable<MonitorInput['tls']>;
  readonly directory: string;
  readonly report: (message: string) => void;
}

function readUrl(
  { input }: ServerEntry,
  isUnresolved: boolean,
  { report }: EntryContext,
): URL | undefined {
  const url = URL.parse(input.url ?? '');
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  if (isUnresolved) return new URL(UNRESOLVED_URL);
  // Its text is not quoted: a mistyped URL may hold a password.
  report(['url'], 'must be an absolute URL that starts with http:// or https://');
  return undefined;
}

function readHeaders({ input }: ServerEntry, { report }: EntryContext): Record<string, string> {
  const headers: Record<string, string> = {};
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(input.headers ?? {})) {
    const trimmed = value.trim();
    if (!HEADER_NAME.test(name)) report(['headers', name], 'this is no name of a header', 'key');
    else if (seen.has(name.toLowerCase()))
      report(['headers', name], 'this header is here twice', 'key');
    else if (!HEADER_VALUE.test(trimmed))
      report(['headers', name], 'must be one line of Latin-1 text without control characters');
    else headers[name] = trimmed;
    seen.add(name.toLowerCase());
  }
  return headers;
}

/** Nothing where the entry does not say it. */
function chooseTransport({
  input,
  isVsCodeFile,
}: ServerEntry): HttpTarget['transport'] | undefined {
  const type = input.type ?? input.transport;
  if (type === undefined || type === 'sse') return type;
  return isVsCodeFile ? 'auto' : 'http';
}

async function readAuthorities(
  tls: TlsInput | undefined,
  { readText, home }: EntryContext,
): Promise<string | undefined> {
  if (tls?.values.caFile === undefined) return undefined;
  const result = await readText(resolvePath(tls.values.caFile, tls.directory, home));
  if (result.ok && result.text.includes(CERTIFICATE)) return result.text;
  tls.report(result.ok ? `the file holds no ${CERTIFICATE}` : `the file ${result.reason}`);
  return undefined;
}
