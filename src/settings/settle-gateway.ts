import { isLoopbackHost } from '../facts/rules/loopback.ts';
import type { GatewaySettings } from '../facts/server.ts';
import type { Price, ServerPrices } from '../facts/rules/usage-cost.ts';
import type { ListenAddress } from './config.ts';
import { GATEWAY_DEFAULTS, type GatewayInput, type ServerGatewayInput } from './gateway-schema.ts';
import { parseListen } from './listen-address.ts';
import { parseDuration } from './units.ts';

/** Nothing where the gateway is off. */
export function gatewayListen({ listen }: GatewayInput): ListenAddress | undefined {
  return listen === 'off' ? undefined : parseListen(listen ?? GATEWAY_DEFAULTS.listen);
}

/**
 * Puts the layers together: what a server says, then `gateway`, then what is built in.
 * @param isMonitored a server that is switched off is so for the gateway too, unless it says otherwise
 */
export function settleGateway(
  server: ServerGatewayInput,
  all: GatewayInput,
  isMonitored: boolean,
): GatewaySettings {
  const listen = gatewayListen(all);
  // Anybody who reaches the gateway would act with the operator's credentials.
  const isSafe =
    listen === undefined || isLoopbackHost(listen.host) || all.authentication !== undefined;
  return {
    enabled: server.enabled ?? isMonitored,
    timeoutMs: server.timeout ?? all.timeout ?? parseDuration(GATEWAY_DEFAULTS.timeout) ?? 0,
    preserveHost: server.preserveHost ?? all.preserveHost ?? GATEWAY_DEFAULTS.preserveHost,
    injectHeaders: server.injectHeaders ?? all.injectHeaders ?? isSafe,
    maxInFlight: server.maxInFlight ?? all.maxInFlight ?? GATEWAY_DEFAULTS.maxInFlight,
    maxSessions: server.maxSessions ?? all.maxSessions ?? GATEWAY_DEFAULTS.maxSessions,
    ...(server.prices ? { prices: settlePrices(server.prices) } : {}),
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

type PriceInput = Omit<NonNullable<ServerGatewayInput['prices']>, 'tools'>;

function settlePrices({
  tools = {},
  ...own
}: NonNullable<ServerGatewayInput['prices']>): ServerPrices {
  return {
    ...settlePrice(own),
    tools: Object.fromEntries(
      Object.entries(tools).map(([tool, price]) => [tool, settlePrice(price)]),
    ),
  };
}

function settlePrice({
  perCall,
  perThousandInputTokens,
  perThousandOutputTokens,
}: PriceInput): Price {
  return {
    ...(perCall === undefined ? {} : { perCallUsd: perCall }),
    ...(perThousandInputTokens === undefined
      ? {}
      : { perThousandInputTokensUsd: perThousandInputTokens }),
    ...(perThousandOutputTokens === undefined
      ? {}
      : { perThousandOutputTokensUsd: perThousandOutputTokens }),
  };
}
