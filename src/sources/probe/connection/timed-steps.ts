import type { ServerIdentity } from '../../../facts/check-report.ts';
import type { FailureFacts } from '../../../protocol/classify-failure.ts';
import { METHOD_NOT_FOUND } from '../../../protocol/json-rpc.ts';
import type { Clock } from '../../../facts/ports/clock.ts';
import { timeStep } from '../../../protocol/measurement.ts';
import type {
  RequestOptions,
  RequestFailure,
  RequestResult,
} from '../../../protocol/probe-client.ts';

/** An opening that also keeps its facts, for era detection. */
export type OpeningResult =
  | { readonly ok: true; readonly identity: ServerIdentity }
  | { readonly ok: false; readonly failure: RequestFailure; readonly facts: FailureFacts };

/** Times a handshake request as a step and as the phase `handshake`, from which connecting is left out. */
export async function timeHandshake(
  method: string,
  { measurement }: RequestOptions,
  clock: Clock,
  run: () => Promise<OpeningResult>,
): Promise<OpeningResult> {
  const { phasesMs } = measurement;
  const connectingMs = (): number => (phasesMs.connect ?? 0) + (phasesMs.tls ?? 0);
  const connectedBeforeMs = connectingMs();
  const startedAt = clock.monotonicMs();
  const opening = await timeStep(measurement, clock, method, run, ({ identity }) =>
    describeIdentity(identity),
  );
  const durationMs = clock.monotonicMs() - startedAt - (connectingMs() - connectedBeforeMs);
  phasesMs.handshake = (phasesMs.handshake ?? 0) + Math.max(0, durationMs);
  return opening;
}

/** Times a request in what is kept. Some servers never implemented `ping`; saying so takes a living one. */
export function timeAliveness(
  method: string,
  { measurement }: RequestOptions,
  clock: Clock,
  run: () => Promise<RequestResult>,
): Promise<RequestResult> {
  const ask = async (): Promise<RequestResult> => {
    const answered = await run();
    const isUnknown =
      !answered.ok &&
      answered.failure.outcome === 'rpc_error' &&
      answered.failure.rpcCode === METHOD_NOT_FOUND;
    return method === 'ping' && isUnknown ? { ok: true, result: {} } : answered;
  };
  return timeStep(measurement, clock, method, ask, () => 'answered');
}

/** `name version, 2025-11-25`, for steps and reports. */
function describeIdentity({ implementation, version, protocolVersion }: ServerIdentity): string {
  const name = `${implementation} ${version}`.trim();
  return name === '' ? protocolVersion : `${name}, ${protocolVersion}`;
}
