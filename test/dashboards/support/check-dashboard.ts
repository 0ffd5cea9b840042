import {
  type Dashboard,
  isForPrometheus,
  type Panel,
  panelsOf,
  type Target,
} from './dashboard-model.ts';
import {
  annotationSpanOf,
  type Preferred,
  resolveVariables,
  spanOf,
  substitute,
  type Values,
} from './dashboard-scope.ts';
import { formatOf, labelsOfFormat, labelsOfPanel } from './expected-labels.ts';
import type { Answer, PrometheusClient, Series } from './prometheus-client.ts';

export interface Finding {
  /** Page, panel and query: `mcp-overview / Servers / A`. */
  readonly where: string;
  readonly problem: string;
  readonly expression: string;
}

export interface TimedQuery {
  readonly where: string;
  readonly expression: string;
  readonly ms: number;
}

export interface DashboardReport {
  readonly findings: readonly Finding[];
  readonly queries: readonly TimedQuery[];
}

/**
 * Runs every query of a page as Grafana would when it is opened, and says what it would show nothing or nonsense for.
 * @param scopes what pages about one server, tool and so on are about, one after the other: a query must give something
 *   for one of them, and make sense for all
 */
export async function checkDashboard(
  dashboard: Dashboard,
  client: PrometheusClient,
  nowSeconds: number,
  scopes: readonly Preferred[],
): Promise<DashboardReport> {
  const reports: DashboardReport[] = [];
  const isAboutOne = dashboard.templating.list.some(
    ({ type, includeAll }) => type === 'query' && includeAll !== true,
  );
  for (const scope of isAboutOne ? scopes : scopes.slice(0, 1))
    reports.push(await checkScope(dashboard, client, nowSeconds, scope));
  const findings = new Map<string, Finding>();
  for (const finding of reports.flatMap((report) => report.findings)) {
    const isEverywhere = reports.every((report) =>
      report.findings.some((other) => other.where === finding.where && dependsOnScope(other)),
    );
    if (!dependsOnScope(finding) || isEverywhere)
      findings.set(`${finding.where} ${finding.problem}`, finding);
  }
  return {
    findings: [...findings.values()],
    queries: reports.flatMap(({ queries }) => queries),
  };
}

function dependsOnScope({ problem }: Finding): boolean {
  return problem === EMPTY || problem.startsWith(NO_LABEL);
}

async function checkScope(
  dashboard: Dashboard,
  client: PrometheusClient,
  nowSeconds: number,
  scope: Preferred,
): Promise<DashboardReport> {
  const { values, problems } = await resolveVariables(dashboard, client, nowSeconds, scope);
  const findings: Finding[] = problems.map(({ variable, problem }) => ({
    where: `${dashboard.uid} / $${variable}`,
    problem,
    expression: '',
  }));
  const queries: TimedQuery[] = [];
  const context: Context = { dashboard, client, nowSeconds, values, findings, queries };
  for (const panel of panelsOf(dashboard)) await checkPanel(panel, context);
  for (const annotation of dashboard.annotations.list) {
    const target = annotation.target ?? annotation;
    const { expr } = target;
    if (expr === undefined || !isForPrometheus(target.datasource, annotation.datasource)) continue;
    const labels = [annotation.titleFormat, annotation.textFormat].flatMap((format) =>
      labelsOfFormat(format),
    );
    await checkTarget(
      { where: `${dashboard.uid} / annotation ${annotation.name}`, labels },
      { refId: 'A', ...target, expr },
      undefined,
      context,
    );
  }
  return { findings, queries };
}

interface Context {
  readonly dashboard: Dashboard;
  readonly client: PrometheusClient;
  readonly nowSeconds: number;
  readonly values: Values;
  readonly findings: Finding[];
  readonly queries: TimedQuery[];
}

async function checkPanel(panel: Panel, context: Context): Promise<void> {
  const found = new Set<string>();
  const targets = (panel.targets ?? []).filter(
    (target) => target.expr !== undefined && isForPrometheus(target.datasource, panel.datasource),
  );
  if (targets.length === 0) return;
  const title = `${context.dashboard.uid} / ${panel.title ?? panel.type}`;
  for (const target of targets) {
    const labels = labelsOfFormat(formatOf(target));
    const place = { where: `${title} / ${target.refId}`, labels };
    const series = await checkTarget(place, target, panel, context);
    for (const { metric } of series) for (const label of Object.keys(metric)) found.add(label);
  }
  const missing = labelsOfPanel(panel).filter((label) => !found.has(label));
  if (found.size > 0 && missing.length > 0)
    context.findings.push({
      where: title,
      problem: `no query gives what links or transformations use: ${missing.join(', ')}`,
      expression: targets.map(({ expr }) => expr).join('\n'),
    });
}

interface Place {
  readonly where: string;
  /** Every series must have them. */
  readonly labels: readonly string[];
}

async function checkTarget(
  { where, labels }: Place,
  target: Target,
  panel: Panel | undefined,
  { dashboard, client, nowSeconds, values, findings, queries }: Context,
): Promise<readonly Series[]> {
  const span = panel
    ? spanOf(dashboard, panel, target, nowSeconds)
    : annotationSpanOf(dashboard, nowSeconds);
  const expression = substitute(target.expr ?? '', values, span);
  const isInstant = target.instant === true && target.range !== true;
  const answer: Answer = isInstant
    ? await client.instant(expression, nowSeconds)
    : await client.range(expression, span);
  const problem = problemOf(answer, labels, isInstant);
  if (problem !== undefined) findings.push({ where, problem, expression });
  if (!answer.ok) return [];
  queries.push({ where, expression, ms: answer.ms });
  return answer.series;
}

/** A line may end where a server has nothing to measure; a number or a cell that is none looks like a mistake. */
function problemOf(
  answer: Answer,
  labels: readonly string[],
  isInstant: boolean,
): string | undefined {
  if (!answer.ok) return answer.error;
  const lasts = answer.series.map(({ values }) => Number(values.at(-1)?.[1]));
  const odd = lasts.findIndex((last) =>
    isInstant ? !Number.isFinite(last) : Math.abs(last) === Infinity,
  );
  if (odd >= 0)
    return `not a number: ${lasts[odd]} of ${JSON.stringify(answer.series[odd]?.metric)}`;
  if (lasts.every((last) => Number.isNaN(last))) return EMPTY;
  const missing = labels.filter((label) =>
    answer.series.every(({ metric }) => metric[label] === undefined),
  );
  if (missing.length === 0) return undefined;
  return `${NO_LABEL} ${missing.join(', ')} in ${JSON.stringify(answer.series[0]?.metric)}`;
}

const NO_LABEL = 'no label';
/** What is said of a query that gives nothing. */
export const EMPTY = 'no data';
