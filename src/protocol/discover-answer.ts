import type { FailureFacts } from './classify-failure.ts';
import type { DiscoverAnswer } from './assess-discover.ts';

/** A failed `server/discover` in the words of era detection. */
export function discoverAnswerOf(facts: FailureFacts): DiscoverAnswer {
  switch (facts.kind) {
    case 'rpc':
      return { kind: 'error', code: facts.error.code, data: facts.error.data };
    case 'http':
      return facts.rpcError === undefined
        ? { kind: 'http', status: facts.status }
        : {
            kind: 'error',
            code: facts.rpcError.code,
            data: facts.rpcError.data,
            httpStatus: facts.status,
          };
    case 'token':
      return { kind: 'http', status: 401 };
    case 'timeout':
      return { kind: 'timeout' };
    case 'network':
      // Some servers drop clients that do not begin with `initialize`.
      return facts.isConnected && !facts.sawTlsRecord
        ? { kind: 'unreadable' }
        : { kind: 'unreachable' };
    default:
      return { kind: 'unreadable' };
  }
}
