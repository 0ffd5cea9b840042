/** Where a notification can be sent. `history` is this service's own journal and log. */
export const CHANNELS = ['email', 'webhook', 'slack', 'pagerduty', 'history'] as const;
export type Channel = (typeof CHANNELS)[number];

/** An address that may be a secret, in which case it is in a file. */
export type WebhookAddress = { readonly url: string } | { readonly urlFile: string };

/**
 * Where alerts are sent; only what is named here becomes a receiver. Secrets are files, never values: Alertmanager reads
 * them itself, so all paths are as Alertmanager sees them.
 */
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
  readonly webhooks: readonly WebhookAddress[];
  readonly slack?: { readonly webhookUrlFile: string; readonly channel: string };
  readonly pagerduty?: { readonly routingKeyFile: string };
  /** Called as long as the pipeline works; its silence is the alarm. */
  readonly heartbeat?: WebhookAddress;
  /** Our own alert history. */
  readonly history?: { readonly url: string; readonly tokenFile?: string };
  /** Outside these hours warnings wait; critical alerts never do. */
  readonly businessHours?: {
    /** IANA name. */
    readonly timeZone: string;
    /** As Alertmanager writes them, such as `monday:friday`. */
    readonly days: string;
    /** `HH:MM`. */
    readonly from: string;
    readonly to: string;
  };
  /** Base URLs of links in messages, without a trailing slash. */
  readonly grafanaUrl: string;
  readonly exporterUrl: string;
  /** The path of the templates as Alertmanager sees it, relative to its configuration. */
  readonly templates: string;
}

/** Whether notifications can be sent there. */
export function hasChannel(config: AlertingConfig, channel: Channel): boolean {
  return channel === 'webhook' ? config.webhooks.length > 0 : config[channel] !== undefined;
}
