import type { KnownSeries } from '../../../../rules/support/known-series.ts';
import { type Dashboard, panelsOf } from './dashboard.ts';
import { lintFields } from './lint-fields.ts';
import { lintLayout } from './lint-layout.ts';
import { lintLinks, type Site } from './lint-links.ts';
import { lintModel, lintVariables } from './lint-model.ts';
import { lintPanel } from './lint-panel.ts';
import { lintQueries } from './lint-queries.ts';

/**
 * What is wrong with one page, in words; empty if nothing is. The rules of Grafana's dashboard-linter, but for
 * `template-instance` and `target-instance` (what is looked at is a gateway and a server, not a process), and our own.
 */
export function lintDashboard(dashboard: Dashboard, site: Site, known: KnownSeries): string[] {
  return [
    ...lintModel(dashboard),
    ...lintVariables(dashboard),
    ...lintLayout(dashboard),
    ...panelsOf(dashboard).flatMap((panel) => lintPanel(panel)),
    ...lintQueries(dashboard, known),
    ...lintFields(dashboard, known),
    ...lintLinks(dashboard, site, known),
  ];
}
