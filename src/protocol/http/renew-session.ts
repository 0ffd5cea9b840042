import { INITIALIZED, type SessionMemory } from '../session-memory.ts';
import { isSuccess } from './http-status.ts';
import type { SessionContext } from './message-headers.ts';

export interface SessionRenewal {
  readonly memory: SessionMemory;
  /** Revision of the session that was lost. */
  readonly protocolVersion: string | undefined;
  /**
   * Sends what the client had sent before, and drops the answer, which the client has already.
   */
  repeat(text: string, context: SessionContext): Promise<RepeatResult>;
  /** The server began a session; what the client had set up in the old one follows. */
  onBegun(sessionId: string): void;
}

export type RepeatResult =
  | { readonly ok: true; readonly status: number; readonly sessionId: string | undefined }
  | { readonly ok: false };

/** Begins a session anew with the client's own `initialize`. @returns whether the server took it */
export async function renewSession({
  memory,
  protocolVersion,
  repeat,
  onBegun,
}: SessionRenewal): Promise<boolean> {
  const opening = memory.opening();
  if (opening === undefined) return false;
  const begun = await repeat(opening, {});
  if (!begun.ok || !isSuccess(begun.status) || begun.sessionId === undefined) return false;
  const { sessionId } = begun;
  onBegun(sessionId);
  const context = { sessionId, ...(protocolVersion !== undefined && { protocolVersion }) };
  for (const text of [INITIALIZED, ...memory.settings()])
    if (!(await repeat(text, context)).ok) return false;
  return true;
}
