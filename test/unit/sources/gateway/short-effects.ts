import type { CallEffect, RefuseEffect } from '../../../../src/sources/gateway/call-effects.ts';

/** An effect in a few words, so that a row of a table stays readable. */
export function shortEffect(effect: CallEffect | RefuseEffect | { readonly kind: 'over' }): string {
  switch (effect.kind) {
    case 'begin_call': {
      const { facts, bytes, parkedAs } = effect;
      const parked = parkedAs && `parked as ${parkedAs.outcome}`;
      const size = bytes === undefined ? undefined : `${bytes} B`;
      return inWords('begin', facts.id ?? 'without a message', size, parked);
    }
    case 'end_call':
      return inWords('end', effect.id, effect.verdict.errorType, effect.message);
    case 'end_open_calls': {
      const { outcome, status, errorType } = effect.verdict;
      return inWords('end the rest:', errorType ?? outcome, String(status), effect.message);
    }
    case 'park_open_calls':
      return inWords('park the rest:', effect.verdict.errorType ?? effect.verdict.outcome);
    case 'answer_call':
      return inWords('answer', effect.facts.id, `${effect.bytes} B`, ofSession(effect));
    case 'begin_server_call':
      return inWords('server asks', effect.facts.id, `${effect.bytes} B`, ofSession(effect));
    case 'answer_server_call':
      return inWords('client answers', effect.facts.id, `${effect.bytes} B`, ofSession(effect));
    case 'notify':
      return inWords('notify', effect.facts.method, ofSession(effect));
    case 'open_session': {
      const { client, protocolVersion } = effect.opening;
      return inWords('open session', effect.id, client?.name, protocolVersion);
    }
    case 'touch_session':
      return inWords('touch session', effect.id);
    case 'close_session':
      return inWords('close session', effect.id, `as ${effect.verdict.errorType ?? 'success'}`);
    case 'leave_session':
      return inWords('leave session', effect.id);
    case 'keep_session':
      return inWords('keep session', effect.id);
    case 'lose_session':
      return inWords('lose session', effect.id);
    case 'resume_calls':
      return inWords('resume calls of', effect.id);
    case 'park_resumed_calls':
      return inWords('park resumed:', effect.verdict.errorType);
    case 'refuse': {
      const { name, id, detail } = effect;
      return inWords('refuse', id ?? 'without an id:', name, detail);
    }
    case 'over':
      return 'over';
  }
}

function ofSession({ session }: { readonly session: string | undefined }): string | undefined {
  return session === undefined ? undefined : `in ${session}`;
}

function inWords(...words: readonly (string | undefined | false)[]): string {
  return words.filter((word) => word !== undefined && word !== false).join(' ');
}
