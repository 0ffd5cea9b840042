import type { AUTH_METHODS } from '../../facts/gateway-facts.ts';

/** The result of checking a client's credentials. */
export type Authentication = { readonly method: (typeof AUTH_METHODS)[number] } & (
  | { readonly ok: true; readonly user: string }
  /**
   * @property isUnavailable the credentials could not be checked, for no fault of the client's
   * @property detail what is wrong, for the client; absent if it sent no credentials
   */
  | { readonly ok: false; readonly detail?: string; readonly isUnavailable?: true }
);
