import { json, type Request, type RequestHandler, type Router, urlencoded } from 'express';
import { HttpProblem } from '../http-problem.ts';
import { serverPath } from '../pages/landing-page.ts';
import type { HttpAppDeps } from '../ports.ts';
import { pathName } from '../request-values.ts';
import { serverJson } from '../server-json.ts';
import { SWITCH_TO, type SwitchOnRequest } from '../switch-on-request.ts';
import { allowOnly } from './allow-only.ts';

/** Disabling and enabling a server, for programs and for the buttons of its page. */
export function addSwitchRoutes(
  router: Router,
  deps: HttpAppDeps,
  options: {
    readonly admin: RequestHandler;
    readonly switchOnRequest: SwitchOnRequest;
    readonly askerOf: (request: Request) => string;
  },
): void {
  for (const to of SWITCH_TO) {
    const order = (request: Request) => ({
      to,
      name: pathName(request),
      asker: options.askerOf(request),
      body: request.body as unknown,
    });

    const api = router
      .route(`/api/v1/mcp/servers/:name/${to}`)
      .post(options.admin, json({ limit: '16kb' }), async (request, response) => {
        refuseOtherBody(request);
        const { hasChanged, isKept } = await options.switchOnRequest(order(request));
        const view = deps.servers.detail(pathName(request));
        response.json({
          changed: hasChanged,
          kept: isKept,
          server: view && serverJson(view, deps.switches.find(view.name)),
        });
      });
    allowOnly(api, ['POST']);

    const form = router
      .route(`/servers/:name/${to}`)
      .post(
        urlencoded({ extended: false, limit: '16kb' }),
        options.admin,
        async (request, response) => {
          await options.switchOnRequest(order(request));
          response.redirect(303, serverPath(pathName(request)));
        },
      );
    allowOnly(form, ['POST']);
  }
}

/** One that is not read would be a reason that is lost. */
function refuseOtherBody(request: Request): void {
  const isEmpty =
    request.headers['transfer-encoding'] === undefined &&
    Number(request.headers['content-length'] ?? 0) === 0;
  if (request.body === undefined && !isEmpty)
    throw new HttpProblem(415, 'A body must be application/json: {"reason": "…", "by": "…"}.');
}
