import type { AlertingConfig } from '../../../src/facts/alerting.ts';

const BASE: AlertingConfig = {
  webhooks: [],
  grafanaUrl: 'http://grafana.test:3000',
  exporterUrl: 'http://exporter.test:19110',
  templates: 'templates/*.tmpl',
};

/** Each part alone. */
export const PARTS = {
  email: {
    email: {
      to: ['oncall@example.com', 'second@example.com'],
      from: 'mcp@example.com',
      smarthost: '127.0.0.1:2525',
      requireTls: false,
    },
  },
  emailWithLogin: {
    email: {
      to: ['oncall@example.com'],
      from: 'mcp@example.com',
      smarthost: 'smtp.example.com:587',
      username: 'mcp',
      passwordFile: '/run/secrets/smtp',
      requireTls: true,
    },
  },
  webhooks: { webhooks: [{ url: 'http://127.0.0.1:9/hook' }, { urlFile: '/run/secrets/hook' }] },
  slack: { slack: { webhookUrlFile: '/run/secrets/slack', channel: '#mcp' } },
  pagerduty: { pagerduty: { routingKeyFile: '/run/secrets/pagerduty' } },
  heartbeat: { heartbeat: { urlFile: '/run/secrets/heartbeat' } },
  history: {
    history: { url: 'http://127.0.0.1:9/api/v1/alerts/webhook', tokenFile: '/run/secrets/history' },
  },
  businessHours: {
    businessHours: { timeZone: 'Europe/Berlin', days: 'monday:friday', from: '09:00', to: '17:00' },
  },
} as const satisfies Readonly<Record<string, Partial<AlertingConfig>>>;

export function alertingOf(...parts: readonly Partial<AlertingConfig>[]): AlertingConfig {
  return Object.assign({}, BASE, ...parts) as AlertingConfig;
}

/** Everything at once. */
export const ALL: AlertingConfig = alertingOf(...Object.values(PARTS));
