import type { ServerIdentity } from '../../../facts/check-report.ts';
import type { FailureFacts } from '../../../protocol/classify-failure.ts';
import type { JsonObject } from '../../../facts/json-object.ts';
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
  | {
      readonly ok: false;
      readonly failure: RequestFailure;
      readonly facts: FailureFacts;
      /** The result that came in place of the one wanted. */
      readonly result?: JsonObject;
    };

/** Times a handshake request as a step. */
export function timeHandshake(
  method: string,
  { measurement }: RequestOptions,
  clock: Clock,
  run: () => Promise<OpeningResult>,
): Promise<OpeningResult> {
  return timeStep(measurement, clock, method, run, ({ identity }) => describeIdentity(identity));
}

/** Times a request in what is kept. Some servers never implemented `ping`, or have no tools; saying so takes a living one. */
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
    return isUnknown && method !== 'server/discover' ? { ok: true, result: {} } : answered;
  };
  return timeStep(measurement, clock, method, ask, () => 'answered');
}

/** `name version, 2025-11-25`, for steps and reports. */
function describeIdentity({ implementation, version, protocolVersion }: ServerIdentity): string {
  const name = `${implementation} ${version}`.trim();
  return name === '' ? protocolVersion : `${name}, ${protocolVersion}`;
}
