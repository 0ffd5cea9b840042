import { dirname } from 'node:path';
import type { z } from 'zod';
import { Secret } from '../facts/secret.ts';
import type { OAuthSettings } from '../facts/server.ts';
import type {
  AlertmanagerSettings,
  PrometheusSettings,
  RemoteApi,
} from '../facts/service-settings.ts';
import { ApiAuthSchema, type AuthContext, type AuthSource, completeAuth } from './auth.ts';
import type { LoadContext } from './files.ts';
import { checkHeaders, type HeaderReport, withoutUserInfo, withUserInfo } from './http-headers.ts';
import { duration, map, secret, section, text } from './schema-types.ts';
import { isHttpUrl } from './service-schema.ts';
import { type Path, problemAt, type SourceFile } from './source-file.ts';
import { completeTls, TlsSchema } from './tls.ts';
import { DAY, MINUTE } from './units.ts';

/** How the API of another program is reached: keys that every such section has. */
function remoteApi(example: string, tokenVariable: string) {
  return {
    url: text({
      description:
        'Its base URL (http or https). User and password in it are sent as `Authorization`.',
      examples: [example],
      secret: true,
    })
      .refine(isHttpUrl, { error: 'must be a URL that starts with http:// or https://' })
      .refine((value) => URL.parse(value)?.search === '', { error: 'must have no query' }),
    headers: map(secret({ description: 'Value of the header.' }), {
      description: 'Sent with every request. Values are secrets.',
      examples: [{ Authorization: `Bearer \${${tokenVariable}}` }],
      secret: true,
    }).prefault({}),
    auth: ApiAuthSchema.exactOptional(),
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

type RemoteApiInput = Pick<z.output<typeof AlertmanagerSchema>, 'url' | 'headers' | 'auth' | 'tls'>;

export async function completeAlertmanager(
  input: z.output<typeof AlertmanagerSchema>,
  source: SourceFile,
  context: LoadContext,
): Promise<AlertmanagerSettings> {
  return {
    api: await completeRemoteApi(input, 'alertmanager', source, context),
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
    api: await completeRemoteApi(input, 'prometheus', source, context),
    targetLabels: input.targetLabels,
  };
}

async function completeRemoteApi(
  input: RemoteApiInput,
  key: 'alertmanager' | 'prometheus',
  source: SourceFile,
  context: LoadContext,
): Promise<RemoteApi> {
  const url = new URL(input.url);
  const at = (path: Path, message: string, where?: 'key' | 'value') =>
    problemAt(source, [key, ...path], message, where);
  const report: HeaderReport = (...mistake) => void context.problems.push(at(...mistake));
  const directory = dirname(context.path);
  const tls = input.tls && {
    values: input.tls,
    directory,
    report: (name: string, message: string) => report(['tls', name], message),
    warn: (name: string, message: string) => void context.warnings.push(at(['tls', name], message)),
  };
  const written = Object.entries(input.headers).map(([name, value]) => [name, value.reveal()]);
  const headers = checkHeaders(Object.fromEntries(written), report);
  const oauth = await completeApiAuth(input.auth, {
    name: key,
    headers: Object.keys(headers).map((name) => name.toLowerCase()),
    hasUserInfo: url.username !== '' || url.password !== '',
    loginDirectory: directory,
    report: (path, message) => report(['auth', ...path], message),
    context,
  });
  const sent = Object.entries(withUserInfo(url, headers));
  return {
    url: withoutUserInfo(url).replace(/\/+$/, ''),
    headers: Object.fromEntries(sent.map(([name, value]) => [name, new Secret(value)])),
    access: await completeTls(tls, context),
    ...(oauth && { oauth }),
  };
}

interface ApiAuthContext extends Pick<
  AuthContext,
  'name' | 'headers' | 'hasUserInfo' | 'loginDirectory'
> {
  readonly report: AuthSource['report'];
  readonly context: LoadContext;
}

async function completeApiAuth(
  auth: RemoteApiInput['auth'],
  { report, context, ...about }: ApiAuthContext,
): Promise<OAuthSettings | undefined> {
  if (!auth) return undefined;
  const { oauth2 } = auth;
  const values = oauth2 ? { oauth2: { ...oauth2, grant: 'client_credentials' as const } } : {};
  return completeAuth(
    { values, directory: about.loginDirectory, report },
    { ...context, ...about },
  );
}
