/** What is known of the request that the running code works for. */
export interface CallContext {
  readonly requestId?: string;
  readonly userId?: string;
  readonly sessionId?: string;
  readonly tool?: string;
  readonly operation?: string;
  /** Whether `instrument` counts this call, so that nothing else counts it again. */
  readonly isCounted?: boolean;
}
