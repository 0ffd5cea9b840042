import type { Request } from 'express';
import { type Operation, readBody } from '../api/operation.ts';
import { serverPath } from '../pages/landing-page.ts';
import { formOf, jsonOf, parseFormBody, parseJsonBody } from '../request-body.ts';
import { pathName } from '../request-values.ts';
import { marksOf, serverJson } from '../server-json.ts';
import { SWITCH_TO, type SwitchTo } from '../switch-on-request.ts';
import type { WebContext } from '../web-context.ts';
import { post, type Route } from './route.ts';

const SCHEMAS_OF = { disable: 'DisableOrder', enable: 'Order' } as const;
const SUMMARIES = {
  disable: 'Takes a server out of service, for a time or until it is enabled',
  enable: 'Takes a disabled server back into service',
} as const;

function operationOf(to: SwitchTo): Operation {
  return {
    summary: SUMMARIES[to],
    access: 'change',
    body: { schema: SCHEMAS_OF[to], isOptional: true },
    answer: { schema: 'Switched' },
  };
}

/** Disabling and enabling a server, for programs and for the buttons of its page. */
export function switchRoutes(context: WebContext): readonly Route[] {
  const { requireAdmin, switchOnRequest, callerOf, servers, uptimes } = context;
  return SWITCH_TO.flatMap((to) => {
    const schema = SCHEMAS_OF[to];
    const target = (request: Request) => ({
      to,
      name: pathName(request),
      caller: callerOf(request),
    });
    return [
      post(
        `/api/v1/mcp/servers/:name/${to}`,
        operationOf(to),
        requireAdmin,
        parseJsonBody,
        async (request, response) => {
          const body = readBody(jsonOf(request), schema);
          const { hasChanged, isKept } = await switchOnRequest({ ...target(request), body });
          const view = servers.detail(pathName(request));
          response.json({
            changed: hasChanged,
            kept: isKept,
            server:
              view && serverJson(view, marksOf(context, view.name), await uptimes.find(view.name)),
          });
        },
      ),
      post(`/servers/:name/${to}`, parseFormBody, requireAdmin, async (request, response) => {
        await switchOnRequest({
          ...target(request),
          body: readBody(inUtc(formOf(request)), schema),
        });
        response.redirect(303, serverPath(pathName(request)));
      }),
    ];
  });
}

/** A field for a time has no zone; its label says that it is UTC. */
function inUtc(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { until } = fields;
  const isLocal = typeof until === 'string' && /^\d{4}-\d\d-\d\dT[\d:]+$/.test(until);
  return isLocal ? { ...fields, until: `${until}Z` } : fields;
}
