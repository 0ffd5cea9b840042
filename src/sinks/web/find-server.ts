import type { ServerDetail } from '../../facts/ports/server-view.ts';
import type { ServerViews } from '../../facts/ports/views.ts';
import { HttpProblem } from './http-problem.ts';

/** Throws 404 for a server that is not configured. */
export function findServer(
  { servers }: { readonly servers: Pick<ServerViews, 'detail'> },
  name: string,
): ServerDetail {
  const detail = servers.detail(name);
  if (detail) return detail;
  throw new HttpProblem(404, `No server named ${name} is configured.`);
}
