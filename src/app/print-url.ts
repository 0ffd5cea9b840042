import type { ListenAddress } from '../facts/service-settings.ts';

/** Base URL of a listener. */
export function printUrl({ host, port }: ListenAddress, isTls: boolean): string {
  return `${isTls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
