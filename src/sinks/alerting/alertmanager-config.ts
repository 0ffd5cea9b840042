import {
  type AlertingConfig,
  type Channel,
  CHANNELS,
  hasChannel,
  type WebhookAddress,
} from '../../facts/alerting.ts';

type YamlMap = Readonly<Record<string, unknown>>;

/** The receiver of alerts that are not sent anywhere. */
const NOBODY = 'nobody';
/** One notification for many servers, not one per server. */
const GROUP_BY = ['gateway', 'alertname'];
const OWN = 'component="mcp"';
/** The user's own alerts are not inhibited by others. */
const SHIPPED = 'origin!="user"';

/**
 * Alertmanager's configuration for the configured channels (prometheus.io/docs/alerting/latest/configuration).
 * Compatible with 0.28, which most distributions ship.
 */
export function renderAlertmanagerConfig(config: AlertingConfig): YamlMap {
  return {
    global: { resolve_timeout: '5m', ...smtpOf(config) },
    templates: [config.templates],
    route: {
      receiver: NOBODY,
      group_by: GROUP_BY,
      group_wait: '30s',
      group_interval: '5m',
      repeat_interval: '4h',
      routes: [
        watchdogRoute(config),
        ...historyRoute(config),
        ...namedRoutes(config),
        ...severityRoutes(config),
        // After a route with `continue` has matched, the receiver of the root is no longer used: the rest needs a route.
        { receiver: 'warning' },
      ],
    },
    inhibit_rules: INHIBITIONS,
    ...(config.businessHours && { time_intervals: [hoursOf(config.businessHours)] }),
    receivers: receiversOf(config),
  };
}

/** The heartbeat: it always fires, so its receivers know that the alerting pipeline works. */
function watchdogRoute({ heartbeat, history }: AlertingConfig): YamlMap {
  const last = heartbeat ? 'heartbeat' : NOBODY;
  return {
    matchers: ['alertname="Watchdog"'],
    receiver: last,
    group_wait: '0s',
    group_interval: '1m',
    repeat_interval: '5m',
    ...(history && { routes: [{ receiver: 'history', continue: true }, { receiver: last }] }),
  };
}

function historyRoute({ history }: AlertingConfig): YamlMap[] {
  if (!history) return [];
  return [
    {
      matchers: [OWN],
      receiver: 'history',
      continue: true,
      group_wait: '5s',
      group_interval: '30s',
    },
  ];
}

/** The user's alerts with `channels`: routed by a label, so that a new alert does not change this file. */
function namedRoutes(config: AlertingConfig): YamlMap[] {
  const routes = presentChannels(config, CHANNELS)
    .filter((channel) => channel !== 'history')
    .map((channel) => ({
      matchers: [`channels=~"(.+,)?${channel}(,.+)?"`],
      receiver: `only-${channel}`,
      group_wait: '10s',
      continue: true,
    }));
  return [...routes, { matchers: ['channels!=""'], receiver: NOBODY }];
}

function severityRoutes({ businessHours }: AlertingConfig): YamlMap[] {
  return [
    {
      matchers: ['severity="critical"'],
      receiver: 'critical',
      group_wait: '10s',
      // Another offline server, and the end of an alert, are sent sooner than changes of warnings.
      group_interval: '1m',
      repeat_interval: '1h',
    },
    {
      matchers: ['severity="warning"'],
      receiver: 'warning',
      ...(businessHours && { active_time_intervals: ['business-hours'] }),
    },
    { matchers: ['severity=~"info|none"'], receiver: NOBODY },
  ];
}

/**
 * What is known to follow from something worse is not said as well. Labels that both lack count as equal: where two
 * alerts must be about one server or one gateway, the rule demands that they name it.
 */
const INHIBITIONS: readonly YamlMap[] = [
  {
    // The user's own alerts too.
    source_matchers: ['alertname="McpServerMaintenance"', 'server!=""'],
    target_matchers: [OWN, 'alertname!="McpServerMaintenance"', 'server!=""'],
    equal: ['gateway', 'server'],
  },
  {
    source_matchers: ['alertname="McpServerOffline"'],
    target_matchers: [
      OWN,
      SHIPPED,
      'alertname!="McpServerOffline"',
      'severity=~"critical|warning|info"',
      'server!=""',
    ],
    equal: ['gateway', 'server'],
  },
  {
    source_matchers: ['alertname="McpGatewayDown"', 'gateway!=""'],
    target_matchers: [OWN, 'alertname!~"McpGatewayDown|McpExporterAbsent|Watchdog"', 'gateway!=""'],
    equal: ['gateway'],
  },
  {
    source_matchers: ['alertname="McpExporterAbsent"'],
    target_matchers: [OWN, 'alertname=~"McpProbe.*|McpServer.*|McpGatewayDown|McpTargetDown"'],
  },
  {
    source_matchers: ['alertname="CriticalErrorRate"'],
    target_matchers: ['alertname="HighErrorRate"'],
    equal: ['gateway', 'server'],
  },
  {
    source_matchers: [OWN, SHIPPED, 'severity="critical"', 'server!=""'],
    target_matchers: [OWN, SHIPPED, 'severity=~"warning|info"', 'server!=""'],
    equal: ['gateway', 'server'],
  },
];

function receiversOf(config: AlertingConfig): YamlMap[] {
  const { heartbeat, history } = config;
  const named = presentChannels(config, CHANNELS).filter((channel) => channel !== 'history');
  return [
    { name: NOBODY },
    receiverOf('critical', ['pagerduty', 'slack', 'email', 'webhook'], config),
    receiverOf('warning', ['slack', 'email', 'webhook'], config),
    ...named.map((channel) => receiverOf(`only-${channel}`, [channel], config)),
    ...(history ? [{ name: 'history', webhook_configs: [historyHook(history)] }] : []),
    ...(heartbeat
      ? [
          {
            name: 'heartbeat',
            webhook_configs: [{ ...addressOf(heartbeat), send_resolved: false }],
          },
        ]
      : []),
  ];
}

function presentChannels(config: AlertingConfig, wanted: readonly Channel[]): Channel[] {
  return wanted.filter((channel) => hasChannel(config, channel));
}

function receiverOf(name: string, wanted: readonly Channel[], config: AlertingConfig): YamlMap {
  const { email, slack, pagerduty, webhooks } = config;
  const has = (channel: Channel): boolean => wanted.includes(channel);
  return {
    name,
    ...(email && has('email') && { email_configs: email.to.map((to) => mailTo(to, config)) }),
    ...(slack && has('slack') && { slack_configs: [slackTo(slack, config)] }),
    ...(pagerduty && has('pagerduty') && { pagerduty_configs: [pageTo(pagerduty, config)] }),
    ...(webhooks.length > 0 &&
      has('webhook') && {
        webhook_configs: webhooks.map((hook) => ({ ...addressOf(hook), send_resolved: true })),
      }),
  };
}

function mailTo(to: string, config: AlertingConfig): YamlMap {
  return {
    to,
    send_resolved: true,
    headers: { Subject: '{{ template "mcp.title" . }}' },
    html: template('mcp.html', config),
    text: template('mcp.text', config),
  };
}

function slackTo(
  { webhookUrlFile, channel }: NonNullable<AlertingConfig['slack']>,
  config: AlertingConfig,
): YamlMap {
  return {
    api_url_file: webhookUrlFile,
    channel,
    send_resolved: true,
    title: '{{ template "mcp.title" . }}',
    title_link: template('mcp.link', config),
    text: template('mcp.slack', config),
    fallback: '{{ template "mcp.title" . }}',
    color: '{{ template "mcp.color" . }}',
  };
}

function pageTo(
  { routingKeyFile }: NonNullable<AlertingConfig['pagerduty']>,
  config: AlertingConfig,
): YamlMap {
  return {
    routing_key_file: routingKeyFile,
    send_resolved: true,
    description: '{{ template "mcp.title" . }}',
    severity: '{{ template "mcp.pagerduty.severity" . }}',
    client: 'mcp-exporter',
    client_url: template('mcp.link', config),
    details: { alerts: template('mcp.text', config) },
    links: [
      { href: template('mcp.link', config), text: 'Where to look' },
      { href: template('mcp.runbook', config), text: 'What to do' },
    ],
  };
}

/** Redefines the base URLs that the templates use. */
function template(name: string, { grafanaUrl, exporterUrl }: AlertingConfig): string {
  return `{{ define "mcp.grafana" }}${grafanaUrl}{{ end }}{{ define "mcp.exporter" }}${exporterUrl}{{ end }}{{ template "${name}" . }}`;
}

function historyHook({ url, tokenFile }: NonNullable<AlertingConfig['history']>): YamlMap {
  return {
    url,
    send_resolved: true,
    max_alerts: 0,
    ...(tokenFile === undefined
      ? {}
      : { http_config: { authorization: { type: 'Bearer', credentials_file: tokenFile } } }),
  };
}

function addressOf(address: WebhookAddress): YamlMap {
  return 'url' in address ? { url: address.url } : { url_file: address.urlFile };
}

function smtpOf({ email }: AlertingConfig): YamlMap {
  if (!email) return {};
  return {
    smtp_smarthost: email.smarthost,
    smtp_from: email.from,
    smtp_require_tls: email.requireTls,
    ...(email.username === undefined ? {} : { smtp_auth_username: email.username }),
    ...(email.passwordFile === undefined ? {} : { smtp_auth_password_file: email.passwordFile }),
  };
}

function hoursOf({
  timeZone,
  days,
  from,
  to,
}: NonNullable<AlertingConfig['businessHours']>): YamlMap {
  return {
    name: 'business-hours',
    time_intervals: [
      { location: timeZone, weekdays: [days], times: [{ start_time: from, end_time: to }] },
    ],
  };
}
