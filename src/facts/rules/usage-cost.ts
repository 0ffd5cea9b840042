import type { TokenCounts } from './token-usage.ts';

/** What a call costs, in US dollars; a price that is not given is zero. */
export interface Price {
  readonly perCallUsd?: number;
  readonly perThousandInputTokensUsd?: number;
  readonly perThousandOutputTokensUsd?: number;
}

/** Prices of one server. A tool's own prices replace those of the server one by one: `perCallUsd: 0` removes that price. */
export interface ServerPrices extends Price {
  readonly tools?: Readonly<Record<string, Price>>;
}

export interface Charge {
  /** Whether the price per call applies. */
  readonly isCall: boolean;
  readonly tokens?: TokenCounts;
}

/** The price of one tool, or of anything that is not a tool call. */
export function priceOf(prices: ServerPrices, tool: string | undefined): Price {
  const own =
    tool !== undefined && prices.tools && Object.hasOwn(prices.tools, tool)
      ? prices.tools[tool]
      : undefined;
  const { tools: _, ...price } = prices;
  return { ...price, ...own };
}

/** US dollars; never negative if no price is. */
export function costUsdOf(price: Price, { isCall, tokens }: Charge): number {
  const perCall = isCall ? (price.perCallUsd ?? 0) : 0;
  const input = ((tokens?.input ?? 0) / 1000) * (price.perThousandInputTokensUsd ?? 0);
  const output = ((tokens?.output ?? 0) / 1000) * (price.perThousandOutputTokensUsd ?? 0);
  return perCall + input + output;
}
