import { z } from 'zod';
import { type AlertingConfig, CHANNELS, type WebhookAddress } from '../facts/alerting.ts';
import { COMPARISONS, SEVERITIES } from '../facts/user-alert.ts';
import { choice, duration, flag, list, section, text } from './schema-types.ts';
import { baseUrl, hasCredentials, isHttpUrl } from './service-schema.ts';
import { isTimeZone } from './time-zones.ts';
import { DAY, MINUTE } from './units.ts';

const WEEKDAY = '(?:mon|tues|wednes|thurs|fri|satur|sun)day';
const HOUR_TEXT = /^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/;
const COMPARISON_ERROR = `must be one of ${COMPARISONS.map((op) => `"${op}"`).join(', ')}, in quotes`;
const HOUR_ERROR = 'must be an hour such as "09:00", in quotes';

/** One entry of `alerts:`; what only the rest of the configuration can tell is checked after it. */
export const AlertSchema = section(
  {
    name: text(
      { description: 'Name of the alert, and its label `alertname`.', examples: ['SearchIsSlow'] },
      {
        pattern: /^[A-Za-z][A-Za-z0-9_]{0,99}$/,
        message: 'must be letters, digits and _, begin with a letter and have up to 100 characters',
      },
    ),
    metric: text({
      description:
        'Quantity to watch: `response_time`, `response_time_p95`, `response_time_p99` (checks), `call_time`, `call_time_p95`, `call_time_p99` (calls through the gateway), `error_rate`, `availability`, `request_rate`, `active_connections`, `tokens` (per minute), `cost` (US dollars within a day), or a metric of [metrics.md](metrics.md).',
      examples: ['response_time'],
    }),
    op: z
      .enum(COMPARISONS, { error: COMPARISON_ERROR })
      .meta({ description: 'Comparison of the value with the threshold.', examples: ['>'] }),
    threshold: z
      .preprocess(
        (value) => (typeof value === 'number' ? String(value) : value),
        z.string({ error: 'must be a number, with its unit where it has one' }),
      )
      .meta({
        type: ['string', 'number'],
        description:
          'With its unit, if it has one: `500ms`, `5%`, `$20`, `10/s`, `100/m`, `3/h`, `512MiB`.',
        examples: ['500ms', '5%', '$20'],
      }),
    for: duration(0, 30 * DAY, {
      description: 'How long the condition must hold before the alert fires.',
    }).default(1 * MINUTE),
    servers: z
      .union(
        [z.literal('all'), z.array(z.string({ error: 'must be the name of a server' })).min(1)],
        {
          error: 'must be all or a list of names of servers',
        },
      )
      .meta({
        description: 'Servers whose values are compared, each separately.',
        examples: [['search', 'files']],
      })
      .default('all'),
    severity: choice(SEVERITIES, {
      description:
        '`critical` pages somebody, `warning` needs attention within a day, `info` is only recorded.',
    }).default('warning'),
    channels: list(choice(CHANNELS, { description: 'A channel of `alerting`.' }), {
      description:
        'Where it is sent, instead of the channels of its severity; `history` alone notifies nobody.',
      examples: [['email', 'slack']],
    })
      .min(1, { error: 'must name at least one channel' })
      .exactOptional(),
  },
  { description: 'One alert.' },
);

/** `alerts:` */
export const AlertsSchema = list(AlertSchema, {
  description:
    'Your own alerts, in addition to those in `prometheus/rules/`. They become a rule file for Prometheus; see [alerting.md](alerting.md).',
  examples: [[{ name: 'SearchIsSlow', metric: 'response_time', op: '>', threshold: '500ms' }]],
  reloadable: true,
});

const webhookAddress = {
  url: text({
    description: 'URL that receives the notification.',
    examples: ['http://localhost:8080/alerts'],
    secret: true,
  })
    .refine(isHttpUrl, { error: 'must be a URL that starts with http:// or https://' })
    .refine((value) => !hasCredentials(value), {
      error: 'has a password or a query, which may be a secret: put the URL into a file, urlFile',
    })
    .exactOptional(),
  urlFile: secretFile('File with the URL, if the URL is a secret.').exactOptional(),
};

function webhook(description: string) {
  return section(webhookAddress, { description })
    .refine(({ url, urlFile }) => (url === undefined) !== (urlFile === undefined), {
      error: 'needs either url or urlFile',
    })
    .transform(({ url, urlFile = '' }): WebhookAddress =>
      url === undefined ? { urlFile } : { url },
    );
}

/** `alerting:` */
export const AlertingSchema = section(
  {
    email: section(
      {
        to: list(mailAddress('Receiver.'), {
          description: 'Recipients.',
          examples: [['oncall@example.com']],
        }).min(1, { error: 'must name at least one address' }),
        from: mailAddress('Sender.'),
        smarthost: text(
          { description: '`host:port` of the mail server.', examples: ['smtp.example.com:587'] },
          { pattern: /^[^\s:]+:\d{1,5}$/, message: 'must be host:port, such as localhost:25' },
        ),
        username: text({
          description: 'User name, if the mail server requires one.',
          secret: true,
        }).exactOptional(),
        passwordFile: secretFile('File with its password.').exactOptional(),
        requireTls: flag({
          description: 'Whether mail is sent over TLS (STARTTLS) only.',
        }).default(true),
      },
      { description: 'Mail, as HTML and as text.' },
    ).exactOptional(),
    webhooks: list(webhook('One address.'), {
      description: "URLs that receive Alertmanager's JSON.",
    }).prefault([]),
    slack: section(
      {
        webhookUrlFile: secretFile('File with the URL of the incoming webhook.'),
        channel: text({ description: 'Channel or user.', examples: ['#mcp'] }),
      },
      { description: 'Slack.' },
    ).exactOptional(),
    pagerduty: section(
      { routingKeyFile: secretFile('File with the integration key (Events API v2).') },
      { description: 'PagerDuty; only critical alerts are sent there.' },
    ).exactOptional(),
    heartbeat: webhook(
      'Heartbeat: called every five minutes as long as alerts are delivered. A service there notifies you when it stops.',
    ).exactOptional(),
    history: section(
      {
        url: text({
          description: 'URL of `/api/v1/alerts/webhook` of this exporter.',
          examples: ['http://exporter:19110/api/v1/alerts/webhook'],
          secret: true,
        }).refine(isHttpUrl, { error: 'must be a URL that starts with http:// or https://' }),
        tokenFile: secretFile('File with the token that it requires.').exactOptional(),
      },
      { description: 'The alert history, on the page `/alerts` and in the log.' },
    ).exactOptional(),
    businessHours: section(
      {
        timeZone: text({ description: 'IANA name.', examples: ['Europe/Berlin'] }).refine(
          isTimeZone,
          {
            error: 'must be an IANA time zone in its exact spelling, such as Europe/Berlin or UTC',
          },
        ),
        days: text(
          { description: 'Days of the week.' },
          {
            pattern: new RegExp(`^${WEEKDAY}(?::${WEEKDAY})?$`),
            message: 'must be a day or a range of days, such as monday:friday',
          },
        ).default('monday:friday'),
        from: hour('Start.').default('09:00'),
        to: hour('End.').default('17:00'),
      },
      {
        description:
          'Outside these hours warnings are held until the hours begin; critical alerts are always sent.',
      },
    )
      .refine(({ from, to }) => from < to, { error: 'must begin before they end' })
      .exactOptional(),
    grafanaUrl: baseUrl('URL of Grafana for the readers of a message.').default(
      'http://localhost:3000',
    ),
    exporterUrl: baseUrl('URL of our own pages for the readers of a message.').default(
      'http://localhost:19110',
    ),
    templates: text({
      description: 'Path of `mcp.tmpl` as Alertmanager sees it, relative to its configuration.',
    }).default('templates/*.tmpl'),
  },
  {
    description:
      'Where alerts are sent. `mcp-exporter render alertmanager` generates the configuration of Alertmanager from it. Paths are as Alertmanager sees them.',
    reloadable: true,
  },
) satisfies z.ZodType<AlertingConfig>;

export type AlertInput = z.output<typeof AlertSchema>;

function secretFile(description: string) {
  // A secret in the place of its file would end up in Alertmanager's configuration; it is not quoted.
  return text({ description, secret: true }).refine((value) => !value.includes('://'), {
    error: 'must be the path of a file that holds the address or the secret',
  });
}

function mailAddress(description: string) {
  return text(
    { description, examples: ['mcp@example.com'] },
    { pattern: /^[^\s@]+@[^\s@]+$/, message: 'must be a mail address' },
  );
}

function hour(description: string) {
  return text({ description }, { pattern: HOUR_TEXT, message: HOUR_ERROR });
}
