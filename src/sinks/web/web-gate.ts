import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import type { Secret } from '../../facts/secret.ts';
import { hasToken } from './admin-token.ts';
import { HttpProblem } from './http-problem.ts';
import type { WebSource } from './ports.ts';

export interface WebGate {
  /** Refuses requests without the credentials that the web configuration requires. */
  readonly protect: RequestHandler;
  /** Whether the client authenticated. */
  isKnown(request: IncomingMessage): boolean;
  hasClients(): boolean;
}

/** Health probes of orchestrators have no credentials. */
const FREE_PATHS = new Set(['/-/healthy', '/-/ready', '/health']);

export interface GateTokens {
  /** Opens everything. */
  readonly admin: Secret | undefined;
  /** Opens `ALERT_WEBHOOK` alone. */
  readonly alerts: Secret | undefined;
  /** Opens `MARKERS` alone. */
  readonly markers: Secret | undefined;
}

/** Where Alertmanager sends its notifications. */
export const ALERT_WEBHOOK = '/api/v1/alerts/webhook';

/** Where pipelines send markers. */
export const MARKERS = '/api/v1/markers';

/** Puts a web configuration in front of everything but health. Tokens are accepted as well. */
export function createWebGate(web: WebSource, tokens: GateTokens): WebGate {
  const known = new WeakSet<IncomingMessage>();
  return {
    async protect(request, response, next) {
      for (const [name, value] of Object.entries(web.headers)) response.setHeader(name, value);
      if (FREE_PATHS.has(request.path)) return next();
      const access = await web.check(request);
      if (access.kind === 'too_many')
        throw new HttpProblem(429, 'Too many requests.', {
          'Retry-After': String(access.retryAfterS),
        });
      const hasOther =
        hasToken(request, tokens.admin) ||
        (request.path === ALERT_WEBHOOK && hasToken(request, tokens.alerts)) ||
        (request.path === MARKERS &&
          request.method === 'POST' &&
          hasToken(request, tokens.markers));
      if (access.kind === 'refused' && !hasOther)
        throw new HttpProblem(
          401,
          'This requires a user name and password from the web configuration.',
          {
            'WWW-Authenticate': 'Basic realm="mcp-exporter"',
          },
        );
      if (access.kind === 'known') known.add(request);
      next();
    },
    isKnown: (request) => known.has(request),
    hasClients: () => web.hasClients,
  };
}
