import type { Request } from 'express';
import { type Operation, readBody } from '../api/operation.ts';
import { present, readQuery, text } from '../api/parameters.ts';
import { maintenanceJson } from '../maintenance-json.ts';
import { jsonOf, parseJsonBody } from '../request-body.ts';
import type { WebContext } from '../web-context.ts';
import { get, post, remove, type Route } from './route.ts';

const LIST: Operation = {
  summary: 'Maintenance windows that have not ended, those that begin first in front',
  access: 'read',
  answer: { schema: 'MaintenanceList' },
};

const PLAN: Operation = {
  summary: 'Plans a maintenance window that occurs once or again and again',
  access: 'change',
  body: { schema: 'NewMaintenance' },
  answer: { status: 201, schema: 'Maintenance' },
};

const CANCEL = {
  summary: 'Cancels a maintenance window, which ends if it is active, and answers what it was',
  access: 'change',
  query: {
    reason: text('Why, for the people who see it.'),
    by: text('Who; what is known about the request is added.'),
  },
  answer: { schema: 'Maintenance' },
} as const satisfies Operation;

const PATH = '/api/v1/maintenance';

/** Maintenance windows for programs. */
export function maintenanceRoutes(context: WebContext): readonly Route[] {
  const { callerOf, maintenance, maintenanceOnRequest, requireAdmin } = context;
  return [
    get(PATH, LIST, (_request, response) => {
      response.json({ windows: maintenance.windows().map(maintenanceJson) });
    }),
    post(PATH, PLAN, requireAdmin, parseJsonBody, async (request, response) => {
      const body = readBody(jsonOf(request), 'NewMaintenance');
      const planned = await maintenanceOnRequest.plan(body, callerOf(request));
      response.status(201).json(maintenanceJson(planned));
    }),
    remove(`${PATH}/:id`, CANCEL, requireAdmin, async (request, response) => {
      const order = readBody(present(readQuery(request, CANCEL.query)), 'Order');
      const cancelled = await maintenanceOnRequest.cancel(
        pathWindow(request),
        order,
        callerOf(request),
      );
      response.json(maintenanceJson(cancelled));
    }),
  ];
}

/** Id of a window in the route's path. */
export function pathWindow({ params }: Request): string {
  const id: unknown = params['id'];
  return typeof id === 'string' ? id : '';
}
