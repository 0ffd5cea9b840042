import { type RequestHandler, Router } from 'express';
import type { Operation } from '../api/operation.ts';
import { HttpProblem } from '../http-problem.ts';

/** One method of one address, as data. */
export interface Route {
  readonly method: 'get' | 'post' | 'delete';
  readonly path: string;
  /** In order; the last one answers. */
  readonly handlers: readonly RequestHandler[];
  /** Absent for pages and their files, which are for people. */
  readonly operation?: Operation;
}

/** What answers, and before it what the OpenAPI document says of the route if it belongs to the API. */
type Parts = readonly RequestHandler[] | readonly [Operation, ...RequestHandler[]];

export function get(path: string, ...parts: Parts): Route {
  return createRoute('get', path, parts);
}

export function post(path: string, ...parts: Parts): Route {
  return createRoute('post', path, parts);
}

export function remove(path: string, ...parts: Parts): Route {
  return createRoute('delete', path, parts);
}

function createRoute(method: Route['method'], path: string, parts: Parts): Route {
  const [first, ...rest] = parts;
  if (typeof first === 'object')
    return { method, path, operation: first, handlers: rest as readonly RequestHandler[] };
  return { method, path, handlers: parts as readonly RequestHandler[] };
}

/** Serves the routes; any other method of their addresses gets 405, and OPTIONS the list of what is allowed. */
export function createRouter(routes: readonly Route[]): Router {
  // To a proxy that guards some addresses, /-/RELOAD is another than /-/reload.
  const router = Router({ caseSensitive: true });
  for (const [path, ofPath] of Map.groupBy(routes, (route) => route.path)) {
    const route = router.route(path);
    for (const { method, handlers } of ofPath) route[method](...handlers);
    route.all(refuseOtherMethods(ofPath.map(({ method }) => method)));
  }
  return router;
}

function refuseOtherMethods(methods: readonly Route['method'][]): RequestHandler {
  const allow = [
    ...methods.map((method) => method.toUpperCase()),
    ...(methods.includes('get') ? ['HEAD'] : []),
    'OPTIONS',
  ].join(', ');
  return ({ method }, response) => {
    if (method === 'OPTIONS') {
      response.set('Allow', allow).status(204).end();
      return;
    }
    throw new HttpProblem(405, `${method} is not allowed here, only ${allow}.`, { Allow: allow });
  };
}
