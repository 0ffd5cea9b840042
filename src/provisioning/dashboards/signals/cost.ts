import { increase, series } from '../promql.ts';
import { signal } from '../signal.ts';
import { THRESHOLDS } from '../thresholds.ts';

export const cost = signal({
  title: 'Cost',
  description:
    'Tokens times the prices of the configuration. Reported by the server where it does, else estimated from the size of the messages.',
  unit: 'currencyUSD',
  decimals: 2,
  thresholds: THRESHOLDS.none,
  by: {
    today: `sum(${series('gateway:mcp_cost_usd:increase1d')})`,
    serverToday: `max by (gateway, server) (${series('gateway_server:mcp_cost_usd:increase1d')})`,
    topServers: `topk(10, sum by (gateway, server) (${increase('mcp_cost_usd_total')}) > 0)`,
  },
});
