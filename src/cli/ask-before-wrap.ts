import type { HttpTarget, ServerSpec } from '../facts/server.ts';
import type { AuthorizationAnswer } from '../protocol/oauth/ask-for-authorization.ts';
import type { LeftEntry } from '../settings/wrap/plan-wrap.ts';

export interface AnswersBeforeWrap {
  /** Servers whose clients the gateway's address would lock out. */
  readonly left: readonly LeftEntry[];
  /** What a person should know of the others. */
  readonly notes: readonly string[];
}

/** Asks all servers at once whether they want OAuth. */
export async function askBeforeWrap(
  servers: readonly ServerSpec[],
  ask: (target: HttpTarget) => Promise<AuthorizationAnswer>,
): Promise<AnswersBeforeWrap> {
  const answers = await Promise.all(
    servers.map(async (server) =>
      server.target.kind === 'http' ? judge(server, await ask(server.target)) : {},
    ),
  );
  return {
    left: answers.flatMap(({ left }) => left ?? []),
    notes: answers.flatMap(({ note }) => note ?? []),
  };
}

function judge(
  { name, gateway: { publicUrl } }: ServerSpec,
  answer: AuthorizationAnswer,
): { readonly left?: LeftEntry; readonly note?: string } {
  switch (answer.kind) {
    case 'oauth': {
      const better =
        publicUrl === undefined
          ? 'put the gateway at the server’s public address (gateway.publicUrl), or use --include-oauth to wrap it anyway'
          : `let the client use its public address, ${publicUrl}`;
      const why = `it wants OAuth, and clients refuse it at the gateway’s own address: ${better}`;
      return { left: { name, why } };
    }
    case 'other_credentials':
      return { note: `${name} answers 401, and its entry has no credentials` };
    case 'no_answer':
      return { note: `${name} cannot be asked whether it wants OAuth: ${answer.detail}` };
    case 'none_wanted':
      return {};
    default:
      return answer satisfies never;
  }
}
