import {
  createWebSecurity,
  type WebSecurity,
} from '../../sinks/web/security/create-web-security.ts';
import type { Part, PartContext } from '../part.ts';

export interface WebSecurityPart extends Part {
  readonly security: WebSecurity;
}

/** TLS and authentication, of the web listener and of the gateway. */
export function createWebSecurityPart({ config, clock, log }: PartContext): WebSecurityPart {
  const security = createWebSecurity(config.web, clock);
  return {
    name: 'web security',
    security,
    reload({ web }) {
      for (const key of security.apply(web))
        log.warn({ channel: 'health', key }, 'a changed setting takes effect at the next start');
    },
    stop: () => security.stop(),
  };
}
