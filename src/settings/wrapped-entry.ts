import { basename } from 'node:path';
import type { ListenAddress } from '../facts/service-settings.ts';
import { isOwnAddress } from './is-own-address.ts';
import { localUrl } from './peek-gateway.ts';
import type { EntryValue } from './client-entries.ts';

/** An entry of a client's file that leads to our gateway. */
export interface WrappedEntry {
  /** Name of the server at the gateway. */
  readonly server: string;
  /** Where the server is configured; an address does not say that. */
  readonly config?: string;
}

/** The command line of `mcp-exporter stdio`; nothing where it is something else. */
export function readStdioCommand(
  command: string,
  args: readonly string[],
): WrappedEntry | undefined {
  const at = args.indexOf('stdio');
  const program = at === 0 ? command : at === 1 ? args[0] : undefined;
  if (program === undefined || !isOurProgram(program, at === 1 ? command : undefined))
    return undefined;
  const [server, option, config] = args.slice(at + 1);
  if (server === undefined) return undefined;
  return option === '--config' && config !== undefined ? { server, config } : { server };
}

/** Recognises what `wrap` writes. */
export function readWrappedEntry(
  value: EntryValue,
  gateway: ListenAddress | undefined,
): WrappedEntry | undefined {
  const { command, args, url } = value;
  if (typeof command === 'string') {
    const texts = Array.isArray(args) ? args.map(String) : [];
    return readStdioCommand(command, texts);
  }
  if (typeof url !== 'string' || !gateway || !isOwnAddress(url, [gateway])) return undefined;
  const [, name] = /^\/([^/]+)\/(?:mcp|sse)$/.exec(new URL(url).pathname) ?? [];
  return name === undefined ? undefined : { server: decodeName(name) };
}

/** The address of a server at the gateway. */
export function gatewayUrl(gateway: ListenAddress, server: string, route: 'mcp' | 'sse'): string {
  return `${localUrl(gateway)}/${encodeURIComponent(server)}/${route}`;
}

function isOurProgram(program: string, interpreter: string | undefined): boolean {
  const name = basename(program);
  if (/^mcp-exporter(?:\.cmd|\.exe)?$/.test(name)) return true;
  const isNode = interpreter !== undefined && /^node(?:\.exe)?$/.test(basename(interpreter));
  return isNode && /(?:^|[\\/])(?:dist|src)[\\/]main\.[jt]s$/.test(program);
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
