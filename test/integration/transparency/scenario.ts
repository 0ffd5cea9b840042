import type { Lane } from './lanes.ts';
import type { Message, Outcome, Peer } from './peer.ts';
import type { ServerEntry } from './world.ts';

/** What a scenario works with. */
export interface Stage {
  readonly peer: Peer;
  readonly lane: Lane;
  /** Another client of the same kind, whose messages are recorded too. */
  connect(): Promise<Peer>;
  /** Resolves as soon as the server saw it in this scenario. */
  serverSees(isIt: (entry: ServerEntry) => boolean): Promise<void>;
  /** Resolves as soon as the client received it in this scenario. */
  clientSees(isIt: (message: Message) => boolean): Promise<void>;
  /** The server loses its sessions and connections. */
  forget(): Promise<void>;
}

export interface Scenario {
  readonly name: string;
  /** Resolves with what the code that uses the client sees. */
  readonly run: (stage: Stage) => Promise<unknown>;
  /** Messages go over several streams or at the same time, so that their order is nobody's. */
  readonly isUnordered?: true;
  /** Has a client of its own: what is left of other scenarios would disturb it, or it leaves nothing usable behind. */
  readonly hasOwnClient?: true;
  /** The streams that the client opens are compared too. In other scenarios, when it opens one again depends on the time. */
  readonly comparesStreams?: true;
  /** Is about everything since the connection began. */
  readonly isOpening?: true;
  /** Why it cannot be on a lane, as the report has it. */
  readonly notApplicable?: (lane: Lane) => string | undefined;
}

/** Calls a tool of the server. */
export function call(
  { peer }: Pick<Stage, 'peer'>,
  name: string,
  args: Message = {},
  options: { readonly meta?: Message } & Parameters<Peer['request']>[2] = {},
): Promise<Outcome> {
  const { meta, ...others } = options;
  const params = { name, arguments: args, ...(meta && { _meta: meta }) };
  return peer.request('tools/call', params, others);
}

export const isMethod =
  (method: string) =>
  (message: Message): boolean =>
    message['method'] === method;

export const sawMethod =
  (method: string) =>
  ({ message }: ServerEntry): boolean =>
    message?.['method'] === method;

export const legacyOnly = ({ era }: Lane): string | undefined =>
  era === 'modern' ? 'not in 2026-07-28' : undefined;

export const modernOnly = ({ era }: Lane): string | undefined =>
  era === 'legacy' ? 'only in 2026-07-28' : undefined;
