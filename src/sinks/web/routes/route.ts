import { type RequestHandler, Router } from 'express';
import { HttpProblem } from '../http-problem.ts';

/** One method of one address, as data. */
export interface Route {
  readonly method: 'get' | 'post';
  readonly path: string;
  /** In order; the last one answers. */
  readonly handlers: readonly RequestHandler[];
}

export function get(path: string, ...handlers: readonly RequestHandler[]): Route {
  return { method: 'get', path, handlers };
}

export function post(path: string, ...handlers: readonly RequestHandler[]): Route {
  return { method: 'post', path, handlers };
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
