import type { OpenResult, Wire, WireFailure } from '../../../protocol/wire.ts';

export interface AutoWire extends Wire {
  /** Which of the two the server speaks, as far as known. */
  chosen(): 'http' | 'sse' | undefined;
}

/**
 * Streamable HTTP, and HTTP+SSE once where the server answers as old ones do (2025-11-25, Backwards Compatibility). What
 * worked is remembered: a server that was reached over HTTP and then says 404 is broken, not old. Each wire is made when
 * it is needed first, since most of ten thousand servers need one.
 */
export function createAutoWire(
  createWire: Readonly<Record<'http' | 'sse', () => Wire>>,
  configured: 'auto' | 'http' | 'sse',
): AutoWire {
  let chosen = configured === 'auto' ? undefined : configured;
  let http: Wire | undefined;
  let sse: Wire | undefined;
  const current = (): Wire =>
    chosen === 'sse' ? (sse ??= createWire.sse()) : (http ??= createWire.http());
  return {
    chosen: () => chosen,
    state: () => current().state(),
    async open(options): Promise<OpenResult> {
      const opened = await current().open(options);
      if (opened.ok) chosen ??= 'http';
      if (opened.ok || chosen !== undefined || !looksOld(opened.failure)) return opened;
      sse ??= createWire.sse();
      const openedOld = await sse.open(options);
      if (openedOld.ok) chosen = 'sse';
      return openedOld.ok ? openedOld : opened;
    },
    request: (method, params, options) => current().request(method, params, options),
    async close() {
      await Promise.all([http?.close(), sse?.close()]);
    },
  };
}

function looksOld({ outcome, httpStatus }: WireFailure): boolean {
  return outcome === 'http_4xx' && (httpStatus === 400 || httpStatus === 404 || httpStatus === 405);
}
