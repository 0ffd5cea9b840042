import { json, type Request, urlencoded } from 'express';
import type { Operation } from '../api/operation.ts';
import { HttpProblem } from '../http-problem.ts';
import { serverPath } from '../pages/landing-page.ts';
import { pathName } from '../request-values.ts';
import { serverJson } from '../server-json.ts';
import { SWITCH_TO, type SwitchTo } from '../switch-on-request.ts';
import type { WebContext } from '../web-context.ts';
import { post, type Route } from './route.ts';

const BODY_SIZE_MAX = '16kb';

const ANSWER = {
  body: { schema: 'SwitchOrder', isOptional: true },
  answer: { schema: 'Switched' },
} as const;

const OPERATIONS: Readonly<Record<SwitchTo, Operation>> = {
  disable: { summary: 'Takes a server out of service', access: 'change', ...ANSWER },
  enable: { summary: 'Takes a disabled server back into service', access: 'change', ...ANSWER },
};

/** Disabling and enabling a server, for programs and for the buttons of its page. */
export function switchRoutes(context: WebContext): readonly Route[] {
  const { requireAdmin, switchOnRequest, callerOf, servers, switches, uptimes } = context;
  return SWITCH_TO.flatMap((to) => {
    const order = (request: Request) => ({
      to,
      name: pathName(request),
      caller: callerOf(request),
      body: request.body as unknown,
    });
    return [
      post(
        `/api/v1/mcp/servers/:name/${to}`,
        OPERATIONS[to],
        requireAdmin,
        json({ limit: BODY_SIZE_MAX }),
        async (request, response) => {
          refuseOtherBody(request);
          const { hasChanged, isKept } = await switchOnRequest(order(request));
          const view = servers.detail(pathName(request));
          response.json({
            changed: hasChanged,
            kept: isKept,
            server:
              view && serverJson(view, switches.find(view.name), await uptimes.find(view.name)),
          });
        },
      ),
      post(
        `/servers/:name/${to}`,
        urlencoded({ extended: false, limit: BODY_SIZE_MAX }),
        requireAdmin,
        async (request, response) => {
          await switchOnRequest(order(request));
          response.redirect(303, serverPath(pathName(request)));
        },
      ),
    ];
  });
}

/** A body of another type would not be read, and its reason would be lost. */
function refuseOtherBody(request: Request): void {
  const isEmpty =
    request.headers['transfer-encoding'] === undefined &&
    Number(request.headers['content-length'] ?? 0) === 0;
  if (request.body === undefined && !isEmpty)
    throw new HttpProblem(415, 'A body must be application/json: {"reason": "…", "by": "…"}.');
}
