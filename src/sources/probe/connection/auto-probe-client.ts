import type { OpenResult, ProbeClient, RequestFailure } from '../../../protocol/probe-client.ts';

export interface AutoProbeClient extends ProbeClient {
  /** Which of the two the server speaks, as far as known. */
  chosen(): 'http' | 'sse' | undefined;
}

/**
 * Streamable HTTP, and HTTP+SSE if the server answers as old ones do (2025-11-25, Backwards Compatibility). What worked is
 * remembered until the server answers so again: the next check then tries both, because the server may have been replaced.
 * Each probe client is made when it is needed first, since most of ten thousand servers need one.
 */
export function createAutoProbeClient(
  createClient: Readonly<Record<'http' | 'sse', () => ProbeClient>>,
  configured: 'auto' | 'http' | 'sse',
): AutoProbeClient {
  let chosen = configured === 'auto' ? undefined : configured;
  let http: ProbeClient | undefined;
  let sse: ProbeClient | undefined;
  const current = (): ProbeClient =>
    chosen === 'sse' ? (sse ??= createClient.sse()) : (http ??= createClient.http());
  return {
    chosen: () => chosen,
    state: () => current().state(),
    async open(options): Promise<OpenResult> {
      const opened = await current().open(options);
      if (opened.ok) chosen ??= 'http';
      if (opened.ok || !looksOld(opened.failure)) return opened;
      if (chosen !== undefined) {
        if (configured === 'auto') chosen = undefined;
        return opened;
      }
      sse ??= createClient.sse();
      const openedOld = await sse.open(options);
      if (openedOld.ok) chosen = 'sse';
      return openedOld.ok ? openedOld : opened;
    },
    request: (method, params, options) => current().request(method, params, options),
    abandon: (failure) => current().abandon(failure),
    async close() {
      await Promise.all([http?.close(), sse?.close()]);
    },
  };
}

function looksOld({ outcome, httpStatus }: RequestFailure): boolean {
  return outcome === 'http_4xx' && (httpStatus === 400 || httpStatus === 404 || httpStatus === 405);
}
