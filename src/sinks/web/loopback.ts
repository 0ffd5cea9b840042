import { isIPv4 } from 'node:net';

function isLoopbackIp(ip: string): boolean {
  const plain = ip.toLowerCase().replace(/^::ffff:/, '');
  return plain === '::1' || (isIPv4(plain) && plain.startsWith('127.'));
}

/** Whether a socket's peer address is this machine, IPv4-mapped IPv6 included. */
export function isLoopbackAddress(address: string | undefined): boolean {
  return address !== undefined && isLoopbackIp(address);
}

/**
 * Whether a host name (of a `Host` header or a listen address, without port) can only mean this machine.
 * `localhost` and names under it are loopback by RFC 6761, section 6.3.
 */
export function isLoopbackHostname(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.$/, '');
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  return isLoopbackIp(name.replace(/^\[(.*)\]$/, '$1'));
}

/** The host name in a `Host` header, `undefined` if the header is missing or not one host and port. */
export function hostnameOf(hostHeader: string | undefined): string | undefined {
  if (hostHeader === undefined) return undefined;
  return /^(\[[0-9a-f:.]+\]|[^\s:/@?#\\]+)(?::\d{1,5})?$/i.exec(hostHeader)?.[1];
}
