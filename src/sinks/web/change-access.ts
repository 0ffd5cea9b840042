import type { Request } from 'express';
import { whyNotLocal } from './local-request.ts';
import type { HttpAppDeps } from './ports.ts';
import type { WebGate } from './web-gate.ts';

/** Whether the viewer of a page may make changes, and what else that takes. */
export type ChangeAccess =
  | { readonly kind: 'open' }
  /** @see tokenHint */
  | { readonly kind: 'token'; readonly hint?: string }
  | { readonly kind: 'closed'; readonly hint: string };

/** What `requireAdmin` will say to the forms of a page, for the page that shows them. */
export function changeAccessOf(
  request: Request,
  { adminToken, adminTokenFile, listenHost }: HttpAppDeps,
  web: WebGate | undefined,
): ChangeAccess {
  if (web?.isKnown(request)) return { kind: 'open' };
  if (adminToken)
    return adminTokenFile === undefined
      ? { kind: 'token' }
      : {
          kind: 'token',
          hint: `The admin token is in the file ${adminTokenFile} (admin.tokenFile).`,
        };
  if (web?.hasClients()) return { kind: 'closed', hint: 'Changes require a client certificate.' };
  const reason = whyNotLocal(request, listenHost);
  return reason === undefined
    ? { kind: 'open' }
    : {
        kind: 'closed',
        hint: `Changes require an admin token, since ${reason}: set admin.tokenFile in the configuration and restart.`,
      };
}
