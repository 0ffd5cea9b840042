import type { IncomingMessage } from 'node:http';
import type { RefusalName } from '../../facts/refusal.ts';

/** Whether a request may pass, before its body is read. */
export type Admission =
  | { readonly ok: true; readonly user?: string; readonly place: RequestPlace }
  | {
      readonly ok: false;
      readonly refusal: RefusalName;
      readonly detail?: string;
      readonly headers?: Readonly<Record<string, string>>;
    };

/** What one request takes of what a server has for all clients. */
export interface RequestPlace {
  /**
   * The body is in: the request takes a place among those in flight. Until then it had one among those that are being sent, so that
   * a client that sends slowly keeps nobody's call waiting.
   * @returns false if there is none for this client
   */
  enter(): boolean;
  /** Gives back what it has. May be called again. */
  leave(): void;
}

export interface Edge {
  /** @param server `undefined` if no such server is configured */
  admit(request: IncomingMessage, server: string | undefined): Admission | Promise<Admission>;
}
