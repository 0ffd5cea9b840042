import type { ListenAddress } from '../../facts/service-settings.ts';
import { explainListenFailure } from '../../sinks/web/listen.ts';
import type { WebSecurity } from '../../sinks/web/security/create-web-security.ts';
import type { Gateway } from '../../sources/gateway/create-gateway.ts';
import type { Part, PartContext } from '../part.ts';
import { printUrl } from '../print-url.ts';

export interface GatewayListenerPart extends Part {
  /** Base URL; `undefined` if the gateway is disabled or does not listen yet. */
  url(): string | undefined;
}

/** Opens the port of the gateway, which closes it itself. */
export function createGatewayListenerPart(
  { config, configPath }: PartContext,
  gateway: Gateway,
  { isTls }: Pick<WebSecurity, 'isTls'>,
): GatewayListenerPart {
  const address = config.gateway.listen;
  let url: string | undefined;
  return {
    name: 'gateway listener',
    async start() {
      if (!address) return;
      const { host } = address;
      try {
        const { port } = await open(gateway, address, configPath === undefined);
        url = printUrl({ host, port }, isTls);
      } catch (error) {
        return explainListenFailure(error, address, 'gateway.listen').message;
      }
    },
    url: () => url,
  };
}

/** The demonstration does not fail because of a port that nobody asked for. */
async function open(
  gateway: Gateway,
  { host, port }: ListenAddress,
  isDemonstration: boolean,
): Promise<{ readonly port: number }> {
  try {
    return await gateway.listen(host, port);
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    if (!isDemonstration || !isTaken) throw error;
    return gateway.listen(host, 0);
  }
}
