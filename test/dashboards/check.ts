import { checkDashboard } from './support/check-dashboard.ts';
import { readDashboards } from './support/dashboard-model.ts';
import { PAGE_SCOPES } from './support/page-scopes.ts';
import { createPrometheusClient } from './support/prometheus-client.ts';

/**
 * Runs the queries of all pages, or of the one that `DASHBOARD` names, against a Prometheus that is there, such as that of
 * `serve.ts`: `node test/dashboards/check.ts http://127.0.0.1:9090`.
 */
const [url] = process.argv.slice(2);
if (url === undefined) throw new Error('usage: check PROMETHEUS_URL');
const client = createPrometheusClient(url);
for (const dashboard of await readDashboards()) {
  const { findings, queries } = await checkDashboard(
    dashboard,
    client,
    Date.now() / 1_000,
    PAGE_SCOPES,
  );
  const slowest = Math.max(0, ...queries.map(({ ms }) => ms));
  process.stdout.write(
    `${dashboard.uid}: ${queries.length} queries, the slowest in ${slowest.toFixed(0)} ms\n`,
  );
  for (const { where, problem, expression } of findings)
    process.stdout.write(`  ${where}: ${problem}\n    ${expression.replaceAll('\n', '\n    ')}\n`);
}
