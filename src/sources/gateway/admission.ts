import type { IncomingMessage } from 'node:http';
import type { RefusalName } from '../../facts/refusal.ts';

/** Whether a request may pass, before its body is read. */
export type Admission =
  /** `leave` gives back the client's place among the requests in flight. */
  | { readonly ok: true; readonly user?: string; readonly leave: () => void }
  | {
      readonly ok: false;
      readonly refusal: RefusalName;
      readonly detail?: string;
      readonly headers?: Readonly<Record<string, string>>;
    };

export interface Edge {
  /** @param server `undefined` if no such server is configured */
  admit(request: IncomingMessage, server: string | undefined): Admission | Promise<Admission>;
}
