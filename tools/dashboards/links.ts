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

/** What every link keeps: the data source and, for most, the time range. */
export const CONTEXT = '${datasource:queryparam}&${job:queryparam}&${exporter:queryparam}';

/** The selected part of the fleet. */
type Filter = 'gateway' | 'server';

/** A page, or the one in the label `page` of a row or line. */
type Target = PageUid | '${__data.fields.page}' | '${__field.labels.page}';

interface Destination {
  /** Variables that are decided by what was clicked. */
  readonly about?: Readonly<Record<string, string>>;
  /** Default: the current time range. */
  readonly time?: string;
  /** Filters that this page has and the other takes: they go along, but for those that the click decides. */
  readonly keeps?: readonly Filter[];
}

/** From and to the page of the monitoring itself, which is about no server. */
export const GATEWAY_ONLY: Destination = { keeps: ['gateway'] };

/** The address of another page, for a link or a text. */
export function addressOf(
  uid: Target,
  { about = {}, time = '${__url_time_range}', keeps = ['gateway', 'server'] }: Destination = {},
): string {
  const kept = keeps.filter((name) => !(name in about)).map((name) => `\${${name}:queryparam}`);
  const own = Object.entries(about).map(([name, value]) => `var-${name}=${value}`);
  return `/d/${uid}?${[CONTEXT, ...kept, time, ...own].join('&')}`;
}

/** To another page, about the row, tile or line that was clicked. */
export function linkToPage(uid: Target, title: string, destination?: Destination): Link {
  return { title, url: addressOf(uid, destination) };
}

/** From pages of weeks to pages of hours: they read raw samples, too many for so long. */
export const LAST_DAY = 'from=now-24h&to=now';
/** The other direction: daily bars are useless within hours. */
export const LAST_MONTH = 'from=now-30d&to=now';

/** Of a line, tile or slice. */
export const SERIES_SERVER = {
  gateway: '${__field.labels.gateway:percentencode}',
  server: '${__field.labels.server:percentencode}',
};
/** Of a row. */
const ROW_SERVER = {
  gateway: '${__data.fields.gateway:percentencode}',
  server: '${__data.fields.server:percentencode}',
};

export const SERIES_TO_SERVER = linkToPage('mcp-server', 'Details of ${__field.labels.server}', {
  about: SERIES_SERVER,
});
export const SERIES_TO_ERRORS = linkToPage('mcp-errors', 'Errors of ${__field.labels.server}', {
  about: SERIES_SERVER,
});
export const SERIES_TO_COST = linkToPage('mcp-cost', 'Cost of ${__field.labels.server}', {
  about: SERIES_SERVER,
  time: LAST_MONTH,
});
export const ROW_TO_SERVER = linkToPage('mcp-server', 'Details', { about: ROW_SERVER });
export const ROW_TO_ERRORS = linkToPage('mcp-errors', 'Errors', { about: ROW_SERVER });
const ROW_FOCUS = { ...ROW_SERVER, focus: ROW_SERVER.server };
export const ROW_TO_COMPARE = linkToPage('mcp-compare', 'This week and last', {
  about: ROW_FOCUS,
});
export const ROW_TO_COMPARE_DAY = linkToPage('mcp-compare', 'This week and last', {
  about: ROW_FOCUS,
  time: LAST_DAY,
});
/** To the same page as the notification of the alert. */
export const ROW_TO_ALERT = linkToPage('${__data.fields.page}', 'Where to look', {
  about: ROW_SERVER,
});
export const SERIES_TO_ALERT = linkToPage('${__field.labels.page}', 'Where to look', {
  about: SERIES_SERVER,
});
export const ROW_TO_TOOLS = linkToPage('mcp-tools', 'Tools', { about: ROW_SERVER });
export const ROW_TO_COST = linkToPage('mcp-cost', 'Cost', { about: ROW_SERVER });

export const SERIES_TO_SERVER_DAY = linkToPage(
  'mcp-server',
  'Last 24 hours of ${__field.labels.server}',
  { about: SERIES_SERVER, time: LAST_DAY },
);
export const ROW_TO_SERVER_DAY = linkToPage('mcp-server', 'Details, last 24 hours', {
  about: ROW_SERVER,
  time: LAST_DAY,
});
export const ROW_TO_ERRORS_DAY = linkToPage('mcp-errors', 'Errors, last 24 hours', {
  about: ROW_SERVER,
  time: LAST_DAY,
});
export const ROW_TO_TOOLS_DAY = linkToPage('mcp-tools', 'Tools, last 24 hours', {
  about: ROW_SERVER,
  time: LAST_DAY,
});

/** Pages of the exporter, which perform actions: Grafana's own actions would not be authenticated. */
export const ROW_TO_CHECK: Link = {
  title: 'Check now (page of the exporter)',
  url: '${exporter}/servers/${__data.fields.server:percentencode}',
  isNewTab: true,
};

/** What the exporter's pages take as a time range. */
const EXPORTER_TIME = 'from=${__from:date:seconds}&to=${__to:date:seconds}';

/** What happened around the point that was clicked: failed calls, deploys, changes, and earlier errors that look the same. */
export const SERIES_TO_SPIKE: Link = {
  title: 'What happened then (page of the exporter)',
  url: '${exporter}/errors?at=${__value.time}&server=${__field.labels.server:percentencode}',
  isNewTab: true,
};
/** The same for a line of all servers. */
export const POINT_TO_SPIKE: Link = {
  title: 'What happened then (page of the exporter)',
  url: '${exporter}/errors?at=${__value.time}',
  isNewTab: true,
};
/** The same for the whole range, which a drag over a spike selects. */
export const TO_ERRORS_OF_RANGE: Link = {
  title: 'All errors in this time range (page of the exporter)',
  url: `\${exporter}/errors?${EXPORTER_TIME}`,
  isNewTab: true,
};

function linkToCalls(server: string, tool: string): Link {
  return {
    title: 'Calls of this tool (page of the exporter)',
    url: `\${exporter}/audit?server=${server}&tool=${tool}&${EXPORTER_TIME}`,
    isNewTab: true,
  };
}

const ROW_TOOL = '${__data.fields.tool:percentencode}';
export const ROW_TO_CALLS = linkToCalls(ROW_SERVER.server, ROW_TOOL);
/** On the page of one server, whose rows do not name it. */
export const ROW_TO_CALLS_OF_SERVER = linkToCalls('${server:percentencode}', ROW_TOOL);
export const SERIES_TO_CALLS = linkToCalls(
  SERIES_SERVER.server,
  '${__field.labels.tool:percentencode}',
);

/** What happened to the server of an alert before and since. */
export const ROW_TO_TIMELINE: Link = {
  title: 'Timeline of the server (page of the exporter)',
  url: '${exporter}/servers/${__data.fields.server:percentencode}?tab=timeline',
  isNewTab: true,
};
