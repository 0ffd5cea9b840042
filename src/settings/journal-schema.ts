import { z } from 'zod';
import { duration, section, size, text } from './schema-types.ts';

export const JOURNAL_DEFAULTS = {
  path: 'data/journal.sqlite',
  checks: '30d',
  alerts: '90d',
  maxSize: '512MB',
} as const;

/** `journal:` */
export const JournalSchema = section(
  {
    path: z
      .preprocess(
        // YAML 1.1 editors and people write `off` and `false` alike.
        (value) => (value === false ? 'off' : value),
        z.string({ error: 'must be the path of a file, or off' }).min(1, {
          error: 'must not be empty',
        }),
      )
      .meta({
        description:
          "Database file, relative to this one; its folder is made where it is missing. `off`: nothing is kept. With a client's file as the configuration it lies in `$XDG_STATE_HOME` or `~/.local/state`.",
        default: JOURNAL_DEFAULTS.path,
        examples: ['/var/lib/mcp-exporter/journal.sqlite'],
      })
      .optional(),
    checks: duration('1h', '10000d', {
      description: 'How long checks and status changes are kept.',
      default: JOURNAL_DEFAULTS.checks,
    }).optional(),
    alerts: duration('1h', '10000d', {
      description:
        'How long alerts are kept after their end, and what was done about servers and alerts.',
      default: JOURNAL_DEFAULTS.alerts,
    }).optional(),
    maxSize: size('32MB', '1000GB', {
      description: 'What the journal may take of the disk. Beyond it the oldest checks go first.',
      default: JOURNAL_DEFAULTS.maxSize,
    }).optional(),
  },
  {
    description: 'Events that are kept: checks, status changes, alerts, and what people did.',
    reloadable: false,
  },
);

/** `alertWebhook:` */
export const AlertWebhookSchema = section(
  {
    tokenFile: text({
      description:
        'File with the token that Alertmanager must send (`http_config: authorization: credentials_file`). Without it notifications are taken from this machine only.',
      examples: ['/run/secrets/mcp-exporter-alerts'],
    }).optional(),
  },
  {
    description: 'Where Alertmanager sends its notifications: `POST /api/v1/alerts/webhook`.',
    reloadable: false,
  },
);
