import type { Operation } from '../api/operation.ts';
import { readQuery, window } from '../api/parameters.ts';
import type { WebContext } from '../web-context.ts';
import { get, type Route } from './route.ts';

const SUMMARY = {
  summary: 'Traffic, cost and uptime of a window, in all and by server',
  description:
    'From Prometheus if `prometheus.url` is configured, else or if it does not answer (`fallback_reason`) from the journal. `source` says which; without a journal it is `process`, which knows no traffic.',
  access: 'read',
  query: { window: window('24h') },
  answer: { schema: 'Summary' },
} as const satisfies Operation;

export function summaryRoutes({ summaries }: WebContext): readonly Route[] {
  return [
    get('/api/v1/mcp/metrics/summary', SUMMARY, async (request, response) => {
      const { window: windowMs } = readQuery(request, SUMMARY.query);
      response.json(await summaries.read(windowMs));
    }),
  ];
}
