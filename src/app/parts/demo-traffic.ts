import { DEMO_SERVER } from '../../demo/demo-config.ts';
import { startDemoTraffic } from '../../demo/demo-traffic.ts';
import type { Part, PartContext } from '../part.ts';
import { VERSION } from '../version.ts';
import type { GatewayListenerPart } from './gateway-listener.ts';

/** Calls through the gateway while the demonstration runs. */
export function createDemoTrafficPart(
  { configPath, clock, log }: PartContext,
  gateway: Pick<GatewayListenerPart, 'url'>,
): Part {
  let end: (() => Promise<void>) | undefined;
  return {
    name: 'demonstration traffic',
    start() {
      const url = gateway.url();
      if (configPath !== undefined || url === undefined) return;
      end = startDemoTraffic({
        url: `${url}/${DEMO_SERVER}/mcp`,
        clock,
        version: VERSION,
        onError: (err) => log.debug({ channel: 'health', err }, 'demonstration traffic failed'),
      });
    },
    stop: () => end?.(),
  };
}
