import type { TokenUsage } from '../../facts/call-record.ts';
import type { MessageFacts } from '../../protocol/message-facts.ts';
import { estimateTokens, readTokenUsage } from '../../facts/rules/token-usage.ts';
import { costUsdOf, type Price, priceOf, type ServerPrices } from '../../facts/rules/usage-cost.ts';

/** Tools whose merged price is kept; the price list of the configuration is as long as its author made it. */
const PRICES_MAX = 1_000;

export interface Usage {
  readonly tokens?: TokenUsage;
  readonly costUsd?: number;
}

/** Tokens and cost of one exchange. */
export type Accountant = (
  facts: MessageFacts,
  result: MessageFacts | undefined,
  sizes: { readonly requestBytes: number; readonly responseBytes: number },
) => Usage;

/**
 * Tokens and cost of the exchanges of one server. Tokens: as the result's `_meta` reports them, for whatever method; else
 * estimated, for `tools/call` only. The price per call is due for a tool call that was answered with a result, failed or
 * not: not for a JSON-RPC error, and not for an answer that asks for more input, whose retry will be charged.
 * @param prices of this server; without them nothing has a cost
 */
export function createAccountant(prices: ServerPrices | undefined): Accountant {
  const known = new Map<string | undefined, Price>();

  function priceFor(tool: string | undefined): Price | undefined {
    if (!prices) return undefined;
    // Names of tools come from the wire: only those with a price of their own are kept apart.
    const name = tool !== undefined && Object.hasOwn(prices.tools ?? {}, tool) ? tool : undefined;
    const kept = known.get(name);
    if (kept) return kept;
    const price = priceOf(prices, name);
    if (known.size < PRICES_MAX) known.set(name, price);
    return price;
  }

  return (facts, result, sizes) => {
    if (!result?.hasResult) return {};
    const isToolCall = facts.method === 'tools/call';
    const tokens = tokensOf(result, isToolCall, sizes);
    const price = priceFor(isToolCall ? facts.target : undefined);
    if (!price || (!tokens && !isToolCall)) return tokens ? { tokens } : {};
    const isCall = isToolCall && result.resultType !== 'input_required';
    const costUsd = costUsdOf(price, tokens ? { isCall, tokens } : { isCall });
    return tokens ? { tokens, costUsd } : { costUsd };
  };
}

/** The same, with prices that may change. */
export function createCurrentAccountant(current: () => ServerPrices | undefined): Accountant {
  let prices: ServerPrices | undefined;
  let accountant = createAccountant(prices);
  return (...call) => {
    const now = current();
    if (now !== prices) accountant = createAccountant(now);
    prices = now;
    return accountant(...call);
  };
}

function tokensOf(
  result: MessageFacts,
  isToolCall: boolean,
  sizes: { readonly requestBytes: number; readonly responseBytes: number },
): TokenUsage | undefined {
  const reported = readTokenUsage(result.resultMeta);
  if (reported) return { ...reported, source: 'reported' };
  return isToolCall ? { ...estimateTokens(sizes), source: 'estimated' } : undefined;
}
