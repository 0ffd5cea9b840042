import type { ProcessUsage } from '../../../facts/ports/process-usage.ts';
import type { Inspection } from './inspect-client.ts';
import type {
  RequestOptions,
  ProbeClient,
  RequestFailure,
} from '../../../protocol/probe-client.ts';

export type InspectionResult =
  Inspection | { readonly ok: false; readonly failure: RequestFailure };

/** One server over its transport: what steady checks keep, and what a deep check does anew. */
export interface ProbedServer {
  readonly probeClient: ProbeClient;
  /** A deep check; opens the probe client first where it must know the era. Never rejects. */
  inspect(options: RequestOptions): Promise<InspectionResult>;
  processUsage(): ProcessUsage | undefined;
  close(): Promise<void>;
}
