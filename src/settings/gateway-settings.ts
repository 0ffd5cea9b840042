import { isLoopbackHost } from '../facts/rules/loopback.ts';
import type { GatewaySettings } from '../facts/server.ts';
import type { ListenAddress } from '../facts/service-settings.ts';
import { GATEWAY_DEFAULTS, type GatewayInput, type ServerGatewayInput } from './gateway-schema.ts';

/** Where the gateway listens; undefined if it is off. */
export function gatewayListen({ listen }: Pick<GatewayInput, 'listen'>): ListenAddress | undefined {
  return listen === 'off' ? undefined : listen;
}

/**
 * Puts the layers together: what a server says, then `gateway`, then what is built in.
 * @param isMonitored a server that is switched off is so for the gateway too, unless it says otherwise
 */
export function completeGatewaySettings(
  server: ServerGatewayInput,
  all: ServerGatewayInput & Pick<GatewayInput, 'listen' | 'authentication'>,
  isMonitored: boolean,
): GatewaySettings {
  const listen = gatewayListen(all);
  // Anybody who reaches the gateway would act with the operator's credentials.
  const isSafe =
    listen === undefined || isLoopbackHost(listen.host) || all.authentication !== undefined;
  return {
    enabled: server.enabled ?? isMonitored,
    timeoutMs: server.timeout ?? all.timeout ?? GATEWAY_DEFAULTS.timeout,
    preserveHost: server.preserveHost ?? all.preserveHost ?? GATEWAY_DEFAULTS.preserveHost,
    injectHeaders: server.injectHeaders ?? all.injectHeaders ?? isSafe,
    maxInFlight: server.maxInFlight ?? all.maxInFlight ?? GATEWAY_DEFAULTS.maxInFlight,
    maxSessions: server.maxSessions ?? all.maxSessions ?? GATEWAY_DEFAULTS.maxSessions,
    ...(server.prices ? { prices: server.prices } : {}),
  };
}

/** What our own file says about an imported server wins, tool by tool in its prices. */
export function mergeGateways(
  base: ServerGatewayInput,
  over: ServerGatewayInput,
): ServerGatewayInput {
  const tools = { ...base.prices?.tools, ...over.prices?.tools };
  const prices = { ...base.prices, ...over.prices, tools };
  return { ...base, ...over, ...(base.prices || over.prices ? { prices } : {}) };
}
