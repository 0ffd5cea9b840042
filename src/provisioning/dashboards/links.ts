import type { Link } from './panels/panel.ts';

/** The pages, by what their address ends in. */
export const PAGES = {
  'mcp-overview': 'MCP / Overview',
  'mcp-server': 'MCP / Server',
  'mcp-compare': 'MCP / Compare',
  'mcp-errors': 'MCP / Errors',
  'mcp-tools': 'MCP / Tools',
  'mcp-usage': 'MCP / Usage',
  'mcp-capacity': 'MCP / Capacity',
  'mcp-cost': 'MCP / Cost and tokens',
  'mcp-alerts': 'MCP / Alerts and history',
  'mcp-slo': 'MCP / SLO',
  'mcp-security': 'MCP / Security',
  'mcp-system': 'MCP / System',
  'mcp-meta': 'MCP / Meta',
} as const;

export type PageUid = keyof typeof PAGES;

/** What every link carries on: the store and, for most, the time that is being looked at. */
export const CONTEXT = '${datasource:queryparam}&${job:queryparam}&${exporter:queryparam}';

/** To another page, about the row, tile or line that was clicked. */
export function linkToPage(
  uid: PageUid,
  title: string,
  variables: Readonly<Record<string, string>> = {},
  time = '${__url_time_range}',
): Link {
  const own = Object.entries(variables).map(([name, value]) => `var-${name}=${value}`);
  return { title, url: `/d/${uid}?${[CONTEXT, time, ...own].join('&')}` };
}

/** Of a line, tile or slice. */
const SERIES_SERVER = {
  gateway: '${__field.labels.gateway}',
  server: '${__field.labels.server}',
};
/** Of a row. */
const ROW_SERVER = {
  gateway: '${__data.fields.gateway}',
  server: '${__data.fields.server}',
};

export const SERIES_TO_SERVER = linkToPage(
  'mcp-server',
  'Details of ${__field.labels.server}',
  SERIES_SERVER,
);
export const SERIES_TO_ERRORS = linkToPage(
  'mcp-errors',
  'Errors of ${__field.labels.server}',
  SERIES_SERVER,
);
export const SERIES_TO_COST = linkToPage(
  'mcp-cost',
  'Cost of ${__field.labels.server}',
  SERIES_SERVER,
);
export const ROW_TO_SERVER = linkToPage('mcp-server', 'Details', ROW_SERVER);
export const ROW_TO_ERRORS = linkToPage('mcp-errors', 'Errors', ROW_SERVER);
export const ROW_TO_COMPARE = linkToPage('mcp-compare', 'This week and last', {
  ...ROW_SERVER,
  focus: ROW_SERVER.server,
});
export const ROW_TO_TOOLS = linkToPage('mcp-tools', 'Tools', ROW_SERVER);
export const ROW_TO_COST = linkToPage('mcp-cost', 'Cost', ROW_SERVER);

/** From pages that look back weeks: the page of a server reads raw samples, too many for so long. */
const LAST_DAY = 'from=now-24h&to=now';
export const SERIES_TO_SERVER_DAY = linkToPage(
  'mcp-server',
  'Last 24 hours of ${__field.labels.server}',
  SERIES_SERVER,
  LAST_DAY,
);
export const ROW_TO_SERVER_DAY = linkToPage(
  'mcp-server',
  'Details, last 24 hours',
  ROW_SERVER,
  LAST_DAY,
);
export const ROW_TO_ERRORS_DAY = linkToPage(
  'mcp-errors',
  'Errors, last 24 hours',
  ROW_SERVER,
  LAST_DAY,
);
export const ROW_TO_TOOLS_DAY = linkToPage(
  'mcp-tools',
  'Tools, last 24 hours',
  ROW_SERVER,
  LAST_DAY,
);

/** Pages of the exporter itself, which take the actions: Grafana's own would not be authenticated. */
export const ROW_TO_CHECK: Link = {
  title: 'Check now (page of the exporter)',
  url: '${exporter}/servers/${__data.fields.server}',
  isNewTab: true,
};
