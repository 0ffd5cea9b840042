import type { CallRecord } from './call-record.ts';
import type { Fact } from './facts.ts';
import { maskText, maskTexts } from './rules/mask-text.ts';
import { redact, type Secret } from './secret.ts';
import type { ServerSpec } from './server.ts';

/** Takes the secrets of its server out of a fact; one without any is returned as it is. */
export type FactMask = (fact: Fact) => Fact;

/**
 * Masks what servers and clients wrote before any sink sees it: log, journal, metrics, spans, pages and API all read facts.
 * The servers' secrets come with `server_added` and `server_changed`. Reports of checks are masked where they are made.
 *
 * @param moreSecrets of a server, which came up later: access tokens
 */
export function createFactMask(moreSecrets: (server: ServerSpec) => readonly Secret[]): FactMask {
  const specs = new Map<string, ServerSpec>();
  const secretsOf = (server: string): readonly Secret[] => {
    const spec = specs.get(server);
    if (spec === undefined) return [];
    const more = moreSecrets(spec);
    return more.length === 0 ? spec.secrets : [...spec.secrets, ...more];
  };
  return (fact) => {
    switch (fact.fact) {
      case 'server_added':
      case 'server_changed':
        specs.set(fact.server.name, fact.server);
        return fact;
      case 'server_removed':
        specs.delete(fact.server);
        return fact;
      case 'call':
        return maskCall(fact, secretsOf(fact.server));
      case 'child_exit':
      case 'definitions':
      case 'disagreement':
      case 'session':
      case 'status':
      case 'tools_listed': {
        const secrets = secretsOf(fact.server);
        const { server } = fact;
        return {
          ...maskTexts(fact, (text) => maskText(text, secrets)),
          server,
          fact: fact.fact,
        } as Fact;
      }
      default:
        return fact;
    }
  };
}

/** Names are compared with the secrets alone; this runs for every call, and most have no error. */
function maskCall(call: CallRecord, secrets: readonly Secret[]): CallRecord {
  const { errorMessage, errorStack, argumentsText } = call;
  const hasText = errorMessage !== undefined || errorStack !== undefined;
  if (!hasText && !namesSecret(call, secrets)) return call;
  const exact = (text: string): string => redact(text, secrets);
  return {
    ...call,
    operation: exact(call.operation),
    requestId: exact(call.requestId),
    ...(call.target !== undefined && { target: exact(call.target) }),
    ...(call.path !== undefined && { path: exact(call.path) }),
    ...(call.client && { client: maskTexts(call.client, exact) }),
    ...(call.protocolVersion !== undefined && { protocolVersion: exact(call.protocolVersion) }),
    ...(errorMessage !== undefined && { errorMessage: maskText(errorMessage, secrets) }),
    ...(errorStack !== undefined && { errorStack: maskText(errorStack, secrets) }),
    ...(argumentsText !== undefined && { argumentsText: exact(argumentsText) }),
  };
}

function namesSecret(call: CallRecord, secrets: readonly Secret[]): boolean {
  for (const secret of secrets) {
    const value = secret.reveal();
    if (
      value.length >= 4 &&
      (call.operation.includes(value) ||
        call.requestId.includes(value) ||
        call.target?.includes(value) ||
        call.path?.includes(value) ||
        call.client?.name.includes(value) ||
        call.client?.version.includes(value) ||
        call.protocolVersion?.includes(value) ||
        call.argumentsText?.includes(value))
    )
      return true;
  }
  return false;
}
