import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import {
  type Annotation,
  annotationModel,
  CONFIG_CHANGES,
  DEPLOYS,
  RESTARTS,
} from './annotations.ts';
import { CONTEXT, PAGES, type PageUid } from './links.ts';
import type { Panel } from './panels/panel.ts';
import { withExactServer } from './promql.ts';
import {
  datasourceVariable,
  exporterVariable,
  gatewayVariable,
  jobVariable,
  serverVariable,
} from './variables.ts';

const COLUMNS = 24;
const TAG = 'mcp';
/** Pages about hours read raw samples, pages about weeks draw a bar for each day, so they need different time ranges. */
const SPANS = {
  live: { tag: 'live', title: 'Live pages' },
  month: { tag: 'month', title: '30-day pages' },
} as const;
type Span = keyof typeof SPANS;

export interface Section {
  /** A heading; the first section of a page has none. */
  readonly title?: string;
  /** Collapsed, and not queried until someone opens it. */
  readonly isCollapsed?: boolean;
  readonly panels: readonly Panel[];
}

export interface Page {
  readonly uid: PageUid;
  /** The question that it answers. */
  readonly description: string;
  readonly from: 'now-6h' | 'now-24h' | 'now-30d';
  readonly refresh: '10s' | '30s' | '5m';
  /** In addition to those that all pages have. */
  readonly variables?: readonly { build(): dashboard.VariableModel }[];
  readonly server?: 'many' | 'one' | 'none';
  readonly annotations?: readonly Annotation[];
  readonly sections: readonly Section[];
}

/** The classic model, the only format that both Grafana 12 and 13 load from a file. */
export function buildPage(page: Page): dashboard.Dashboard {
  const { server = 'many' } = page;
  const builder = new dashboard.DashboardBuilder(PAGES[page.uid])
    .uid(page.uid)
    .description(page.description)
    .tags([TAG, SPANS[spanOf(page)].tag])
    .timezone('browser')
    .readonly()
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .time({ from: page.from, to: 'now' })
    .refresh(page.refresh)
    .variables([
      datasourceVariable(),
      jobVariable(),
      gatewayVariable(),
      ...(server === 'none' ? [] : [serverVariable({ isSingle: server === 'one' })]),
      ...(page.variables ?? []),
      exporterVariable(),
    ]);
  const annotations = [DEPLOYS, CONFIG_CHANGES, RESTARTS, ...(page.annotations ?? [])];
  const built = {
    ...builder.build(),
    annotations: {
      list: annotations.map(annotationModel) as unknown as dashboard.AnnotationQuery[],
    },
    links: headerLinks(page).map(visibleLink),
    panels: placeSections(page),
  };
  return server === 'one' ? mapTexts(built, withExactServer) : built;
}

/** Every text of a model, changed by `change`. */
function mapTexts<Value>(value: Value, change: (text: string) => string): Value;
function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((one) => mapTexts(one, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, mapTexts(inner, change)]),
  );
}

/** The builder moves links into a menu, but the overview and the other pages have to be one click away. */
function visibleLink(builder: dashboard.DashboardLinkBuilder): dashboard.DashboardLink {
  const { placement: _, ...link } = builder.build();
  return link;
}

function spanOf({ from }: Page): Span {
  return from === 'now-30d' ? 'month' : 'live';
}

function headerLinks(page: Page): dashboard.DashboardLinkBuilder[] {
  const span = spanOf(page);
  const up =
    page.uid === 'mcp-overview'
      ? []
      : [
          new dashboard.DashboardLinkBuilder('Overview')
            .type(dashboard.DashboardLinkType.Link)
            // Without the selected server: this link leads to all servers.
            .url(`/d/mcp-overview?${CONTEXT}`)
            .icon('arrow-up')
            .tooltip('Overview of all servers')
            .keepTime(span === 'live')
            .includeVars(false),
        ];
  return [
    ...up,
    pagesLink('live', span),
    pagesLink('month', span),
    exporterLink('Exporter', '', 'Live status and manual checks'),
    exporterLink('Alert history', '/alerts', 'Every alert with the actions taken'),
  ];
}

/** With the current time range if it suits them, else with their own. */
function pagesLink(to: Span, from: Span) {
  const { tag, title } = SPANS[to];
  return new dashboard.DashboardLinkBuilder(title)
    .type(dashboard.DashboardLinkType.Dashboards)
    .tags([TAG, tag])
    .asDropdown(true)
    .icon('external link')
    .keepTime(to === from)
    .includeVars(true);
}

function exporterLink(title: string, path: string, tooltip: string) {
  return new dashboard.DashboardLinkBuilder(title)
    .type(dashboard.DashboardLinkType.Link)
    .url(`\${exporter}${path}`)
    .icon('external link')
    .tooltip(tooltip)
    .targetBlank(true);
}

/** From left to right, line by line; each section begins a new line. */
function placeSections({ uid, sections }: Page): NonNullable<dashboard.Dashboard['panels']> {
  const placed: NonNullable<dashboard.Dashboard['panels']> = [];
  let top = 0;
  for (const { title, isCollapsed = false, panels } of sections) {
    const row = title === undefined ? undefined : rowPanel(`${uid}/${title}`, title, top);
    if (row) top += 1;
    const inside = placePanels(`${uid}/${title ?? ''}`, panels, top);
    if (row)
      placed.push({ ...row, collapsed: isCollapsed, panels: isCollapsed ? inside.panels : [] });
    if (!isCollapsed) {
      placed.push(...inside.panels);
      top = inside.bottom;
    }
  }
  return placed;
}

function rowPanel(slug: string, title: string, top: number): dashboard.RowPanel {
  return {
    ...new dashboard.RowBuilder(title).build(),
    id: idOf(`${slug}/row`),
    gridPos: { x: 0, y: top, w: COLUMNS, h: 1 },
  };
}

function placePanels(slug: string, panels: readonly Panel[], start: number) {
  const placed: dashboard.Panel[] = [];
  let [left, top, lineHeight] = [0, start, 0];
  for (const { width, height, model } of panels) {
    if (left + width > COLUMNS) [left, top, lineHeight] = [0, top + lineHeight, 0];
    placed.push({
      ...model,
      id: idOf(`${slug}/${model.title}`),
      gridPos: { x: left, y: top, w: width, h: height },
    });
    left += width;
    lineHeight = Math.max(lineHeight, height);
  }
  return { panels: placed, bottom: top + lineHeight };
}

/** Does not change when other panels are added or removed, so that links to a panel stay valid. FNV-1a, 31 bits, never 0. */
function idOf(slug: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(slug)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 1 || 1;
}
