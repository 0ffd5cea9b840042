import type { z } from 'zod';
import type { Switched } from '../../facts/disabling.ts';
import type { DisableBody } from './api/bodies.ts';
import { findServer } from './find-server.ts';
import { HttpProblem } from './http-problem.ts';
import type { HttpAppDeps } from './ports.ts';
import { authorOf, endOf } from './request-body.ts';

export type SwitchTo = 'disable' | 'enable';
export const SWITCH_TO = ['disable', 'enable'] as const satisfies readonly SwitchTo[];

/**
 * Disables or enables `name`. Throws 404 for an unknown server, 409 for one that the configuration disables, which only the
 * configuration can enable, and 400 for an end in the past.
 * @param caller who made the request, whatever the body says
 */
export type SwitchOnRequest = (request: {
  readonly to: SwitchTo;
  readonly name: string;
  readonly caller: string;
  /** Enabling ignores an end. */
  readonly body: z.output<typeof DisableBody>;
}) => Promise<Switched>;

export function createSwitchOnRequest({
  clock,
  servers,
  switches,
}: Pick<HttpAppDeps, 'clock' | 'servers' | 'switches'>): SwitchOnRequest {
  return async ({ to, name, caller, body }) => {
    const detail = findServer({ servers }, name);
    const order = { reason: body.reason, by: authorOf(body.by, caller) };
    if (to === 'disable') {
      const untilMs = endOf(body, clock.nowMs());
      return switches.disable(name, { ...order, ...(untilMs !== undefined && { untilMs }) });
    }
    if (!switches.find(name) && detail.status === 'disabled') {
      throw new HttpProblem(
        409,
        'This server is disabled in the configuration (disabled: true, or monitor.enabled: false). Enable it there.',
      );
    }
    return switches.enable(name, order);
  };
}
