/** Where alerts go; only what is named here becomes a receiver. Secrets are files, never values: Alertmanager reads them itself. */
export interface AlertingConfig {
  readonly email?: {
    readonly to: readonly string[];
    readonly from: string;
    /** `host:port`. */
    readonly smarthost: string;
    readonly username?: string;
    readonly passwordFile?: string;
    readonly requireTls: boolean;
  };
  readonly webhooks: readonly ({ readonly url: string } | { readonly urlFile: string })[];
  readonly slack?: { readonly webhookUrlFile: string; readonly channel: string };
  readonly pagerduty?: { readonly routingKeyFile: string };
  /** Called as long as the pipeline works: its silence is the alarm. */
  readonly heartbeat?: { readonly url: string } | { readonly urlFile: string };
  /** Our own alert history. */
  readonly history?: { readonly url: string; readonly tokenFile?: string };
  /** Outside of these hours warnings wait; critical alerts never do. */
  readonly businessHours?: {
    /** IANA name. */
    readonly timeZone: string;
    /** As Alertmanager writes them, such as `monday:friday`. */
    readonly weekdays: string;
    /** `HH:MM`. */
    readonly from: string;
    readonly to: string;
  };
  /** Alerts of the user's own that go to named channels instead of the way of their severity. */
  readonly channelsOf: Readonly<Record<string, readonly Channel[]>>;
  /** Where the templates are for Alertmanager. */
  readonly templates: string;
}

export const CHANNELS = ['email', 'webhook', 'slack', 'pagerduty', 'history'] as const;
export type Channel = (typeof CHANNELS)[number];

type Receiver = Readonly<Record<string, unknown>>;
type Route = Readonly<Record<string, unknown>>;

const ROOT = 'nobody';
/** One notification for a fleet, not one per server. */
const GROUP_BY = ['gateway', 'alertname'];
const OWN = 'component="mcp"';

/**
 * Alertmanager's configuration for the channels that are there (prometheus.io/docs/alerting/latest/configuration).
 * Written in the vocabulary of 0.28, so that what Debian and most distributions ship understands it.
 */
export function renderAlertmanagerConfig(
  config: AlertingConfig,
): Readonly<Record<string, unknown>> {
  return {
    global: { resolve_timeout: '5m', ...smtpOf(config) },
    templates: [config.templates],
    route: {
      receiver: ROOT,
      group_by: GROUP_BY,
      group_wait: '30s',
      group_interval: '5m',
      repeat_interval: '4h',
      routes: routesOf(config),
    },
    inhibit_rules: INHIBITIONS,
    ...(config.businessHours ? { time_intervals: [hoursOf(config.businessHours)] } : {}),
    receivers: receiversOf(config),
  };
}

function routesOf(config: AlertingConfig): Route[] {
  const waits = config.businessHours ? { active_time_intervals: ['business-hours'] } : {};
  const own = Object.entries(config.channelsOf).map(([alertname, channels]): Route => ({
    matchers: [`alertname=${JSON.stringify(alertname)}`],
    receiver: receiverName(channels),
  }));
  return [
    {
      matchers: ['alertname="Watchdog"'],
      receiver: config.heartbeat ? 'heartbeat' : ROOT,
      group_wait: '0s',
      group_interval: '1m',
      repeat_interval: '5m',
      // The history says when it was last heard.
      ...(config.history
        ? {
            routes: [
              { receiver: 'history', continue: true },
              ...(config.heartbeat ? [{ receiver: 'heartbeat' }] : []),
            ],
          }
        : {}),
    },
    ...(config.history
      ? [
          {
            matchers: [OWN],
            receiver: 'history',
            continue: true,
            group_wait: '5s',
            group_interval: '30s',
          },
        ]
      : []),
    ...own,
    {
      matchers: ['severity="critical"'],
      receiver: 'critical',
      group_wait: '10s',
      repeat_interval: '1h',
    },
    { matchers: ['severity="warning"'], receiver: 'warning', ...waits },
    { matchers: ['severity="info"'], receiver: ROOT },
    // Once a route with `continue` matched, the root's receiver is no longer used: what is left needs a route of its own.
    { receiver: 'warning' },
  ];
}

/** What is known to follow from something worse is not said as well. */
const INHIBITIONS: readonly Readonly<Record<string, unknown>>[] = [
  {
    source_matchers: ['alertname="McpServerOffline"'],
    target_matchers: [OWN, 'alertname!="McpServerOffline"', 'severity=~"warning|critical|info"'],
    equal: ['gateway', 'server'],
  },
  {
    source_matchers: ['alertname="McpGatewayDown"'],
    target_matchers: [OWN, 'alertname!~"McpGatewayDown|McpExporterAbsent"'],
    equal: ['gateway'],
  },
  {
    source_matchers: ['alertname="McpExporterAbsent"'],
    target_matchers: [OWN, 'alertname=~"McpProbe.*|McpServer.*|McpGatewayDown"'],
  },
  {
    source_matchers: [OWN, 'severity="critical"'],
    target_matchers: [OWN, 'severity=~"warning|info"'],
    equal: ['gateway', 'server'],
  },
];

function receiversOf(config: AlertingConfig): Receiver[] {
  const critical = presentChannels(config, ['pagerduty', 'slack', 'email', 'webhook']);
  const warning = presentChannels(config, ['slack', 'email', 'webhook']);
  const named = new Map(
    Object.values(config.channelsOf).map((channels) => [receiverName(channels), channels]),
  );
  return [
    { name: ROOT },
    receiverOf('critical', critical, config),
    receiverOf('warning', warning, config),
    ...(config.history ? [receiverOf('history', ['history'], config)] : []),
    ...(config.heartbeat
      ? [
          {
            name: 'heartbeat',
            webhook_configs: [{ ...addressOf(config.heartbeat), send_resolved: false }],
          },
        ]
      : []),
    ...[...named].map(([, channels]) => receiverOf(receiverName(channels), channels, config)),
  ];
}

function presentChannels(config: AlertingConfig, wanted: readonly Channel[]): Channel[] {
  return wanted.filter((channel) =>
    channel === 'webhook' ? config.webhooks.length > 0 : config[channel] !== undefined,
  );
}

function receiverName(channels: readonly Channel[]): string {
  return `own-${channels.join('-')}`;
}

function receiverOf(name: string, channels: readonly Channel[], config: AlertingConfig): Receiver {
  const { email, slack, pagerduty, history, webhooks } = config;
  const has = (channel: Channel): boolean => channels.includes(channel);
  const hooks = [
    ...(has('webhook')
      ? webhooks.map((webhook) => ({ ...addressOf(webhook), send_resolved: true }))
      : []),
    ...(has('history') && history ? [historyHook(history)] : []),
  ];
  return {
    name,
    ...(has('email') && email ? { email_configs: email.to.map(mailTo) } : {}),
    ...(has('slack') && slack ? { slack_configs: [slackTo(slack)] } : {}),
    ...(has('pagerduty') && pagerduty ? { pagerduty_configs: [pageTo(pagerduty)] } : {}),
    ...(hooks.length > 0 ? { webhook_configs: hooks } : {}),
  };
}

function mailTo(to: string) {
  return {
    to,
    send_resolved: true,
    headers: { Subject: '{{ template "mcp.title" . }}' },
    html: '{{ template "mcp.html" . }}',
    text: '{{ template "mcp.text" . }}',
  };
}

function slackTo({ webhookUrlFile, channel }: NonNullable<AlertingConfig['slack']>) {
  return {
    api_url_file: webhookUrlFile,
    channel,
    send_resolved: true,
    title: '{{ template "mcp.title" . }}',
    title_link: '{{ template "mcp.link" . }}',
    text: '{{ template "mcp.text" . }}',
    color:
      '{{ if eq .Status "firing" }}{{ if eq .CommonLabels.severity "critical" }}danger{{ else }}warning{{ end }}{{ else }}good{{ end }}',
  };
}

function pageTo({ routingKeyFile }: NonNullable<AlertingConfig['pagerduty']>) {
  return {
    routing_key_file: routingKeyFile,
    send_resolved: true,
    description: '{{ template "mcp.title" . }}',
    severity: '{{ if .CommonLabels.severity }}{{ .CommonLabels.severity }}{{ else }}error{{ end }}',
    details: { alerts: '{{ template "mcp.text" . }}' },
  };
}

function historyHook({ url, tokenFile }: NonNullable<AlertingConfig['history']>) {
  return {
    url,
    send_resolved: true,
    max_alerts: 0,
    ...(tokenFile === undefined
      ? {}
      : { http_config: { authorization: { type: 'Bearer', credentials_file: tokenFile } } }),
  };
}

function addressOf(address: { readonly url: string } | { readonly urlFile: string }) {
  return 'url' in address ? { url: address.url } : { url_file: address.urlFile };
}

function smtpOf({ email }: AlertingConfig) {
  if (!email) return {};
  return {
    smtp_smarthost: email.smarthost,
    smtp_from: email.from,
    smtp_require_tls: email.requireTls,
    ...(email.username === undefined ? {} : { smtp_auth_username: email.username }),
    ...(email.passwordFile === undefined ? {} : { smtp_auth_password_file: email.passwordFile }),
  };
}

function hoursOf({ timeZone, weekdays, from, to }: NonNullable<AlertingConfig['businessHours']>) {
  return {
    name: 'business-hours',
    time_intervals: [
      { location: timeZone, weekdays: [weekdays], times: [{ start_time: from, end_time: to }] },
    ],
  };
}
