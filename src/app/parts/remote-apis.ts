import type { RemoteApi } from '../../facts/service-settings.ts';
import { createHttpApi } from '../../protocol/http/http-api.ts';
import { createTokenSources } from '../../protocol/oauth/token-sources.ts';
import type { Part, PartContext, RemoteApis } from '../part.ts';
import { VERSION } from '../version.ts';

export interface RemoteApisPart extends Part {
  readonly apis: RemoteApis;
}

/** One connection pool and one access token for each, whoever asks. */
export function createRemoteApisPart(
  context: Pick<PartContext, 'clock' | 'config' | 'instance'>,
): RemoteApisPart {
  const { config } = context;
  const userAgent = `mcp-exporter/${VERSION}`;
  // Apart from those of servers, which may have the same names.
  const sources = createTokenSources({ ...context, userAgent });
  const open = (name: string, api: RemoteApi) => {
    const { url, access, oauth } = api;
    const tokens = sources.of({ name, target: { url, ...access, ...(oauth && { oauth }) } });
    return createHttpApi(api, { userAgent, tokens });
  };
  const alertmanager = config.alertmanager && open('alertmanager', config.alertmanager.api);
  const prometheus = config.prometheus && open('prometheus', config.prometheus.api);
  return {
    name: 'remote APIs',
    apis: { ...(alertmanager && { alertmanager }), ...(prometheus && { prometheus }) },
    async stop() {
      await alertmanager?.close();
      await prometheus?.close();
    },
  };
}
