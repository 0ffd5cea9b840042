import type { Switched } from '../../facts/disabling.ts';
import { findServer } from './find-server.ts';
import { HttpProblem } from './http-problem.ts';
import type { HttpAppDeps } from './ports.ts';

const REASON_CHARS_MAX = 500;
const BY_CHARS_MAX = 128;

export type SwitchTo = 'disable' | 'enable';
export const SWITCH_TO = ['disable', 'enable'] as const satisfies readonly SwitchTo[];

/**
 * Disables or enables `name`. Throws 404 for an unknown server, 409 for one that the configuration disables, which only the
 * configuration can enable, and 400 for an invalid body.
 * @param caller who made the request, whatever the body says
 */
export type SwitchOnRequest = (request: {
  readonly to: SwitchTo;
  readonly name: string;
  readonly caller: string;
  readonly body: unknown;
}) => Promise<Switched>;

export function createSwitchOnRequest({
  servers,
  switches,
}: Pick<HttpAppDeps, 'servers' | 'switches'>): SwitchOnRequest {
  return async ({ to, name, caller, body }) => {
    const { reason, by } = readOrder(body);
    const detail = findServer({ servers }, name);
    const order = { reason, by: by === '' ? caller : `${by}, via ${caller}` };
    if (to === 'disable') return switches.disable(name, order);
    if (!switches.find(name) && detail.status === 'disabled') {
      throw new HttpProblem(
        409,
        'This server is disabled in the configuration (disabled: true, or monitor.enabled: false). Enable it there.',
      );
    }
    return switches.enable(name, order);
  };
}

/** Both are optional, and so is the whole body. Throws a 400. */
function readOrder(body: unknown): { readonly reason: string; readonly by: string } {
  if (body === undefined) return { reason: '', by: '' };
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new HttpProblem(400, 'The body must be a JSON object: {"reason": "…", "by": "…"}.');
  return {
    reason: readText(body, 'reason', REASON_CHARS_MAX),
    by: readText(body, 'by', BY_CHARS_MAX),
  };
}

function readText(body: object, key: 'reason' | 'by', charsMax: number): string {
  const value: unknown = Object.entries(body).find(([name]) => name === key)?.[1];
  if (value === undefined || value === null) return '';
  // One line, since it becomes part of one.
  const text = typeof value === 'string' ? value.replace(/\p{Cc}+/gu, ' ').trim() : undefined;
  if (text !== undefined && text.length <= charsMax) return text.toWellFormed();
  throw new HttpProblem(400, `${key} must be text of at most ${charsMax} characters.`);
}
