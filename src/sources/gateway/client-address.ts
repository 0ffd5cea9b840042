import type { IncomingMessage } from 'node:http';

/** The client that sent a request, for limits: its user, else its address. */
export function clientOf(request: IncomingMessage, user: string | undefined): string {
  return user === undefined ? clientOfAddress(request.socket.remoteAddress ?? '') : `user ${user}`;
}

/**
 * The client behind an address, for limits: an IPv4 address, or the /64 of an IPv6 one, since whoever has one of
 * its addresses has all of them.
 */
export function clientOfAddress(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = (address.split('%')[0] ?? '').toLowerCase().split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: gap }, () => '0'), ...after];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
