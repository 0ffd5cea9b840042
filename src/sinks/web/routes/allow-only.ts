import type { RequestHandler } from 'express';
import { HttpProblem } from '../http-problem.ts';

/** Ends a route: methods it does not have get 405 with `Allow`, OPTIONS gets the list. */
export function allowOnly(
  route: { all(handler: RequestHandler): unknown },
  methods: readonly string[],
): void {
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  route.all((request, response) => {
    if (request.method === 'OPTIONS') {
      response.set('Allow', allow).status(204).end();
      return;
    }
    throw new HttpProblem(405, `${request.method} is not possible here, only ${allow}.`, {
      Allow: allow,
    });
  });
}
