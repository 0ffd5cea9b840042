const LOOPBACK = /^(?:(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i;

/** Whether a host without port, of an address or a header, can only mean this machine (names below `localhost`: RFC 6761 §6.3). */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK.test(host);
}
