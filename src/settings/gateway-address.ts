import { basename } from 'node:path';
import { isLoopbackHost } from '../facts/rules/loopback.ts';
import type { ListenAddress } from '../facts/service-settings.ts';
import type { ReadText } from './files.ts';
import { isClientFile, readSource } from './read-source.ts';
import { nodeAt } from './source-file.ts';

/** Where the gateway listens by default. Here, since the schema takes too long to load for {@link peekGateway}. */
export const GATEWAY_LISTEN_DEFAULT: ListenAddress = { host: '127.0.0.1', port: 19_100 };

const WILDCARDS = ['0.0.0.0', '::'];

/** Reads `host:port`, which the schema has checked. */
export function parseListen(text: string): ListenAddress {
  const colon = text.lastIndexOf(':');
  return {
    host: text.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(text.slice(colon + 1)),
  };
}

export function formatListen({ host, port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Whether two listeners cannot be there at once. */
export function collides(a: ListenAddress, b: ListenAddress): boolean {
  if (a.port !== b.port || a.port === 0) return false;
  return a.host === b.host || WILDCARDS.includes(a.host) || WILDCARDS.includes(b.host);
}

/**
 * Whether a server's URL leads back to us: our own pages, or our gateway that a client was pointed at.
 * @param listeners where we listen
 */
export function isOwnAddress(url: string, listeners: readonly ListenAddress[]): boolean {
  const parsed = URL.parse(url);
  if (parsed === null) return false;
  const port = Number(parsed.port || (parsed.protocol === 'https:' ? 443 : 80));
  const isLoopback = isLoopbackHost(parsed.hostname);
  return listeners.some((listen) => {
    if (port !== listen.port) return false;
    const own = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
    const isEverywhere = own === '0.0.0.0' || own === '[::]';
    return parsed.hostname === own || (isLoopback && (isEverywhere || isLoopbackHost(own)));
  });
}

/** Where the status page, `/metrics` and `/health` listen by default. */
export const LISTEN_DEFAULT: ListenAddress = { host: '127.0.0.1', port: 19_110 };

export type GatewayPeek =
  | { readonly kind: 'address'; readonly listen: ListenAddress }
  | { readonly kind: 'off' }
  /** The file has to be read whole to know. */
  | { readonly kind: 'unclear' };

/** In a file that cannot be parsed, such as one that is half written. */
const LOOKS_LIKE_ADDRESS = /\bgateway:[^]{0,200}?\blisten:\s*["']?([^\s"'{},$]+:\d{1,5})\b/;
const PLAIN_ADDRESS = /^[^\s${}]+:\d{1,5}$/;

/**
 * Where the gateway of a configuration listens if it requires no credentials. The file is not checked: the caller has to
 * verify what answers at the address. Never rejects.
 */
export async function peekGateway(path: string, readText: ReadText): Promise<GatewayPeek> {
  const result = await readText(path);
  if (!result.ok) return { kind: 'unclear' };
  const { root } = readSource(path, result.text);
  if (root === undefined) return guess(result.text);
  const standard = {
    kind: 'address',
    listen: GATEWAY_LISTEN_DEFAULT,
  } as const;
  if (isClientFile(path, result.text, root)) return standard;
  if (nodeAt(root, ['webConfigFile']) !== undefined) return { kind: 'unclear' };
  const gateway = nodeAt(root, ['gateway']);
  if (gateway === undefined) return standard;
  if (gateway.kind !== 'map' || gateway.entries.has('authentication')) return { kind: 'unclear' };
  const listen = gateway.entries.get('listen')?.node;
  if (listen === undefined) return standard;
  if (listen.kind !== 'scalar' || typeof listen.value !== 'string') return { kind: 'unclear' };
  if (listen.value === 'off') return { kind: 'off' };
  return PLAIN_ADDRESS.test(listen.value)
    ? { kind: 'address', listen: parseListen(listen.value) }
    : { kind: 'unclear' };
}

export type ListenPeek =
  | { readonly kind: 'address'; readonly listen: ListenAddress }
  /** TLS, a variable, or a file that cannot be read: the whole configuration has to be loaded to know. */
  | { readonly kind: 'unclear' };

/** Where the service of a configuration listens for plain HTTP. The file is not checked. Never rejects. */
export async function peekListen(path: string, readText: ReadText): Promise<ListenPeek> {
  const result = await readText(path);
  if (!result.ok) return { kind: 'unclear' };
  const { root } = readSource(path, result.text);
  if (root === undefined) return { kind: 'unclear' };
  if (isClientFile(path, result.text, root)) return { kind: 'address', listen: LISTEN_DEFAULT };
  if (nodeAt(root, ['webConfigFile']) !== undefined) return { kind: 'unclear' };
  const listen = nodeAt(root, ['listen']);
  if (listen === undefined) return { kind: 'address', listen: LISTEN_DEFAULT };
  return listen.kind === 'scalar' &&
    typeof listen.value === 'string' &&
    PLAIN_ADDRESS.test(listen.value)
    ? { kind: 'address', listen: parseListen(listen.value) }
    : { kind: 'unclear' };
}

function guess(text: string): GatewayPeek {
  if (/authentication|webConfigFile/.test(text)) return { kind: 'unclear' };
  const address = LOOKS_LIKE_ADDRESS.exec(text)?.[1];
  return { kind: 'address', listen: address ? parseListen(address) : GATEWAY_LISTEN_DEFAULT };
}

/** How a program on the same machine reaches a listener. */
export function localUrl({ host, port }: ListenAddress, scheme = 'http'): string {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `${scheme}://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}

/** An entry of a client's file that leads to our gateway. */
export interface WrappedEntry {
  /** Name of the server at the gateway. */
  readonly server: string;
  /** Where the server is configured; an address does not say that. */
  readonly config?: string;
}

/** The server and configuration of a command line `mcp-exporter stdio`; undefined for any other command. */
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

function isOurProgram(program: string, interpreter: string | undefined): boolean {
  const name = basename(program);
  if (/^mcp-exporter(?:\.cmd|\.exe)?$/.test(name)) return true;
  const isNode = interpreter !== undefined && /^node(?:\.exe)?$/.test(basename(interpreter));
  return isNode && /(?:^|[\\/])(?:dist|src)[\\/]main\.[jt]s$/.test(program);
}
