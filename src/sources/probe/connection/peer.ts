import type { ProcessUsage } from '../../../facts/ports/process-usage.ts';
import type { Inspection } from './inspect-client.ts';
import type { RequestOptions, Wire, WireFailure } from '../../../protocol/wire.ts';

export type PeerInspection = Inspection | { readonly ok: false; readonly failure: WireFailure };

/** One server over its transport: what steady checks keep, and what a deep check does anew. */
export interface Peer {
  readonly wire: Wire;
  /** A deep check; opens the wire first where it must know the era. Never rejects. */
  inspect(options: RequestOptions): Promise<PeerInspection>;
  processUsage(): ProcessUsage | undefined;
  close(): Promise<void>;
}
