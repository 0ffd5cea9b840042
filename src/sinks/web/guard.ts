import type { Request, RequestHandler } from 'express';
import { isOwnRequest } from '../../facts/rules/request-origin.ts';
import type { Secret } from '../../facts/secret.ts';
import { bearerToken, hasToken, isSame } from './admin-token.ts';
import { HttpProblem } from './http-problem.ts';
import { isOfForeignPage, whyNotLocal } from './local-request.ts';
import { hostnameOf, isLoopbackHostname } from './loopback.ts';
import type { HttpAppDeps } from './ports.ts';
import type { WebGate } from './web-gate.ts';

/**
 * Against DNS rebinding: a listener on loopback serves only names of this machine, so a page of another site whose name
 * was pointed at 127.0.0.1 is refused, for reads too.
 */
export function requireLocalHost(listenHost: string): RequestHandler {
  if (!isLoopbackHostname(listenHost)) return (_request, _response, next) => next();
  return (request, _response, next) => {
    const hostname = hostnameOf(request.headers.host);
    const isHttp10WithoutHost = request.headers.host === undefined;
    if (isHttp10WithoutHost || (hostname !== undefined && isLoopbackHostname(hostname)))
      return next();
    throw new HttpProblem(
      403,
      'This listener is bound to loopback and accepts only localhost, 127.0.0.1 or [::1] in the Host header. Use one of them, or set listen: to an address that others can reach.',
    );
  };
}

/**
 * Refuses what this process asked of itself: the address of a check, of `/probe` above all, may be our own, and such a request
 * would come from this machine.
 * @param instance of this process
 */
export function refuseOwnRequests(instance: string | undefined): RequestHandler {
  return ({ headers }, _response, next) => {
    if (!isOwnRequest(headers, instance)) return next();
    throw new HttpProblem(
      508,
      'This address is one of the exporter itself, which it does not check.',
    );
  };
}

/** For what costs something though it changes nothing, such as a probe, which may start a program. */
export const refuseForeignPages: RequestHandler = (request, _response, next) => {
  checkIsOwnPage(request);
  next();
};

/**
 * Lets a change through if it carries the admin token, or a password or client certificate of the web configuration.
 * If none of them is configured, only this machine may make changes, and only if the listener is on loopback.
 */
export function requireAdmin(
  { adminToken, listenHost }: Pick<HttpAppDeps, 'adminToken' | 'listenHost'>,
  web?: WebGate,
): RequestHandler {
  return (request, _response, next) => {
    if (web?.isKnown(request)) checkIsOwnPage(request);
    else if (adminToken) checkToken(request, adminToken);
    else if (web?.hasClients())
      throw new HttpProblem(403, 'This request makes a change and requires a client certificate.');
    else checkIsLocal(request, listenHost, 'Without an admin token, changes');
    next();
  };
}

/**
 * For Alertmanager, which has a token of its own. Without one, a user of the web configuration or this machine is accepted.
 * Alertmanager sends only one `Authorization` header, so the gate of the web configuration lets its token through.
 */
export function requireAlertSender(
  { alertToken: token, listenHost }: Pick<HttpAppDeps, 'alertToken' | 'listenHost'>,
  web?: WebGate,
): RequestHandler {
  return (request, _response, next) => {
    if (web?.isKnown(request)) checkIsOwnPage(request);
    else if (token) {
      if (!hasToken(request, token)) throw missingAlertToken(request);
    } else if (web?.hasClients())
      throw new HttpProblem(403, 'Alert notifications require a client certificate.');
    else checkIsLocal(request, listenHost, 'Without alertWebhook.tokenFile, alert notifications');
    next();
  };
}

/** For pipelines, which have a token of their own; whoever may change something may add markers too. */
export function requireMarkerSender(
  deps: Pick<HttpAppDeps, 'adminToken' | 'listenHost' | 'markerToken'>,
  web?: WebGate,
): RequestHandler {
  const forAdmin = requireAdmin(deps, web);
  return (request, response, next) => {
    if (hasToken(request, deps.markerToken)) next();
    else if (deps.markerToken && deps.adminToken === undefined && web?.isKnown(request) !== true)
      throw new HttpProblem(
        401,
        'Markers require the token of markers: send it as "Authorization: Bearer TOKEN".',
        { 'WWW-Authenticate': 'Bearer realm="mcp-exporter"' },
      );
    else void forAdmin(request, response, next);
  };
}

function missingAlertToken(request: Request): HttpProblem {
  return new HttpProblem(
    401,
    bearerToken(request) === undefined
      ? 'Alert notifications require the token of alertWebhook: send it as "Authorization: Bearer TOKEN".'
      : 'The token does not match that of alertWebhook.',
    { 'WWW-Authenticate': 'Bearer realm="mcp-exporter"' },
  );
}

/** Browsers send passwords and certificates by themselves, also for pages from other origins. */
function checkIsOwnPage(request: Request): void {
  if (!isOfForeignPage(request)) return;
  throw new HttpProblem(403, 'This request was made by a page from another origin.');
}

function checkToken(request: Request, adminToken: Secret): void {
  const given = bearerToken(request) ?? formToken(request);
  if (given !== undefined && isSame(given, adminToken.reveal())) return;
  throw new HttpProblem(
    401,
    given === undefined
      ? 'This request makes a change and requires the admin token: send it as "Authorization: Bearer TOKEN".'
      : 'The admin token does not match the configured one.',
    { 'WWW-Authenticate': 'Bearer realm="mcp-exporter"' },
  );
}

/** The token field of a page's form, for browsers without JavaScript. */
function formToken(request: Request): string | undefined {
  const body: unknown = request.body;
  if (typeof body !== 'object' || body === null || !('token' in body)) return undefined;
  return typeof body.token === 'string' && body.token !== '' ? body.token : undefined;
}

/** @param what the beginning of the refusal */
function checkIsLocal(request: Request, listenHost: string, what: string): void {
  const reason = whyNotLocal(request, listenHost);
  if (reason === undefined) return;
  throw new HttpProblem(
    403,
    `${what} are accepted only from this machine, but ${reason}. Configure a token and send it.`,
  );
}
