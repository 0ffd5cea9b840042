import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError } from '@modelcontextprotocol/client';
import type { FailureFacts } from './classify-failure.ts';
import { timeoutFacts } from './timeout-facts.ts';

export interface ClientWait {
  readonly signal: AbortSignal;
  /** How long the client was waited for. */
  waitedMs(): number;
}

/**
 * Translates what the SDK's client threw, where the transport itself knows nothing better: fetch wrapper and child
 * process see more than the SDK passes on, so ask them first.
 */
export function explainClientError(error: unknown, method: string, wait: ClientWait): FailureFacts {
  if (wait.signal.aborted) return timeoutFacts(`answer to ${method}`, wait.signal, wait.waitedMs());
  const chain = causeChain(error);
  for (const each of chain) {
    if (each instanceof ProtocolError) {
      return {
        kind: 'rpc',
        method,
        error: { code: each.code, message: each.message, data: each.data },
      };
    }
    if (each instanceof SdkHttpError)
      return { kind: 'http', status: each.status, hasSession: false, method };
  }
  for (const each of chain) {
    if (each instanceof SdkError) {
      const facts = explainSdkCode(each, method, wait);
      if (facts !== undefined) return facts;
    }
  }
  const reason = chain[0]?.message ?? 'the client failed without a word';
  return { kind: 'unusable', method, reason: firstLine(reason) };
}

function explainSdkCode(
  error: SdkError,
  method: string,
  wait: ClientWait,
): FailureFacts | undefined {
  switch (error.code) {
    case SdkErrorCode.RequestTimeout:
      return timeoutFacts(`answer to ${method}`, wait.signal, wait.waitedMs());
    case SdkErrorCode.ConnectionClosed:
    case SdkErrorCode.NotConnected:
      return {
        kind: 'unusable',
        method,
        reason: 'the server closed the connection without an answer',
      };
    case SdkErrorCode.CapabilityNotSupported:
    case SdkErrorCode.InputRequiredRoundsExceeded:
      return {
        kind: 'unusable',
        method,
        reason: 'the server asks for input, which a check cannot give',
      };
    default:
      return undefined;
  }
}

function causeChain(error: unknown): Error[] {
  const chain: Error[] = [];
  let current = error;
  while (current instanceof Error && chain.length < 8) {
    chain.push(current);
    current = current.cause;
  }
  return chain;
}

/** Schema errors of the SDK print whole issue lists; the first lines say enough. */
function firstLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, 160);
}
