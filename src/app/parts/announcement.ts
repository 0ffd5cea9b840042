import { DEMO_CONFIG_PATH } from '../../demo/demo-config.ts';
import type { Part, PartContext } from '../part.ts';
import { VERSION } from '../version.ts';
import type { GatewayListenerPart } from './gateway-listener.ts';
import type { WebPart } from './web.ts';

/** The first and the last line of the log. */
export function createAnnouncementPart(
  { config, configPath, log }: PartContext,
  web: Pick<WebPart, 'url'>,
  gateway: Pick<GatewayListenerPart, 'url'>,
): Part {
  return {
    name: 'announcement',
    start() {
      const gatewayUrl = gateway.url();
      log.info(
        {
          channel: 'health',
          version: VERSION,
          http: web.url(),
          ...(gatewayUrl && { gateway: gatewayUrl }),
          config: configPath ?? DEMO_CONFIG_PATH,
          servers: config.servers.length,
        },
        'started',
      );
    },
    stop: () => log.info({ channel: 'health' }, 'stopping'),
  };
}
