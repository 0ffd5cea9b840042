import { dirname } from 'node:path';
import { z } from 'zod';
import type {
  AlertmanagerSettings,
  PrometheusSettings,
  RemoteApi,
} from '../facts/service-settings.ts';
import type { LoadContext } from './files.ts';
import { duration, map, secret, section, text } from './schema-types.ts';
import { isHttpUrl } from './service-schema.ts';
import { problemAt, type SourceFile } from './source-file.ts';
import { completeTls, TlsSchema } from './tls.ts';
import { DAY, MINUTE } from './units.ts';

const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** How the API of another program is reached: keys that every such section has. */
function remoteApi(example: string, tokenVariable: string) {
  return {
    url: text({
      description: 'Its base URL (http or https).',
      examples: [example],
      secret: true,
    })
      .refine(isHttpUrl, { error: 'must be a URL that starts with http:// or https://' })
      .refine((value) => hasNoExtras(value), {
        error: 'must have no password and no query: credentials are headers',
      })
      .transform((value) => value.replace(/\/+$/, '')),
    headers: map(
      secret(
        { description: 'Value of the header.' },
        z.string({ error: 'must be text' }).regex(HEADER_VALUE, {
          error: 'must be one line of Latin-1 text without control characters',
        }),
      ),
      {
        description: 'Sent with every request. Values are secrets.',
        examples: [{ Authorization: `Bearer \${${tokenVariable}}` }],
        secret: true,
      },
    ).prefault({}),
    tls: TlsSchema.exactOptional(),
  };
}

/** `alertmanager:` */
export const AlertmanagerSchema = section(
  {
    ...remoteApi('http://localhost:9093', 'ALERTMANAGER_TOKEN'),
    targetLabels: map(text({ description: 'Value of the label.' }), {
      description:
        'Labels that Prometheus adds to the metrics of this exporter. Silences match them too, so set `gateway` where several exporters use one Alertmanager.',
      examples: [{ gateway: 'default' }],
    }).prefault({}),
    silenceMargin: duration(0, DAY, {
      description:
        'How long a silence outlasts its reason: `keep_firing_for` of the rules and `group_interval` of Alertmanager together, so that what ended meanwhile is not sent afterwards.',
    }).default(12 * MINUTE),
  },
  {
    description:
      'The API of Alertmanager. The alerts of a server that is disabled are silenced there; see [alerting.md](alerting.md#silences).',
    reloadable: false,
  },
);

/** `prometheus:` */
export const PrometheusSchema = section(
  {
    ...remoteApi('http://localhost:9090', 'PROMETHEUS_TOKEN'),
    targetLabels: map(text({ description: 'Value of the label.' }), {
      description:
        'Labels that Prometheus adds to the metrics of this exporter. Queries match them too, so set `gateway` where one Prometheus scrapes several exporters.',
      examples: [{ gateway: 'default' }],
    }).prefault({}),
  },
  {
    description:
      'The API of the Prometheus that scrapes this exporter. `/api/v1/mcp/metrics/summary` is then asked of it instead of the journal.',
    reloadable: false,
  },
);

type RemoteApiInput = Pick<z.output<typeof AlertmanagerSchema>, 'url' | 'headers' | 'tls'>;

export async function completeAlertmanager(
  input: z.output<typeof AlertmanagerSchema>,
  source: SourceFile,
  context: LoadContext,
): Promise<AlertmanagerSettings> {
  return {
    api: await completeRemoteApi(input, ['alertmanager'], source, context),
    targetLabels: input.targetLabels,
    silenceMarginMs: input.silenceMargin,
  };
}

export async function completePrometheus(
  input: z.output<typeof PrometheusSchema>,
  source: SourceFile,
  context: LoadContext,
): Promise<PrometheusSettings> {
  return {
    api: await completeRemoteApi(input, ['prometheus'], source, context),
    targetLabels: input.targetLabels,
  };
}

async function completeRemoteApi(
  { url, headers, tls }: RemoteApiInput,
  path: readonly string[],
  source: SourceFile,
  context: LoadContext,
): Promise<RemoteApi> {
  const at = (key: string, message: string) => problemAt(source, [...path, 'tls', key], message);
  const input = tls && {
    values: tls,
    directory: dirname(context.path),
    report: (key: string, message: string) => void context.problems.push(at(key, message)),
    warn: (key: string, message: string) => void context.warnings.push(at(key, message)),
  };
  return { url, headers, access: await completeTls(input, context) };
}

function hasNoExtras(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && url.username === '' && url.password === '' && url.search === '';
}
