/**
 * Every way in which a check can end: a closed list, used as label value, log field and API code.
 * `ok` is the only success. `classify-failure.ts` decides which failure is which.
 */
export const PROBE_OUTCOMES = [
  'ok',
  'dns',
  'refused',
  'reset',
  'tls',
  'timeout',
  'http_3xx',
  'http_4xx',
  'http_5xx',
  'rate_limited',
  'auth_required',
  'forbidden',
  'protocol',
  'protocol_version',
  'session_lost',
  'rpc_error',
  'tool_error',
  'assertion',
  'spawn',
  'exit',
] as const;
export type ProbeOutcome = (typeof PROBE_OUTCOMES)[number];
export type ProbeFailure = Exclude<ProbeOutcome, 'ok'>;
export const PROBE_FAILURES = PROBE_OUTCOMES.filter(
  (outcome) => outcome !== 'ok',
) as readonly ProbeFailure[];

/** The parts of a check that are timed separately (`phase` label). */
export const PHASES = ['connect', 'tls', 'spawn', 'handshake', 'list', 'call'] as const;
export type Phase = (typeof PHASES)[number];

/**
 * What a failure means for the server's status: `down` counts towards Offline; `critical` and `warning` take effect at
 * once and never count towards Offline.
 */
export type FailureWeight = 'down' | 'critical' | 'warning';

export function weighFailure(failure: ProbeFailure, hasCredentials: boolean): FailureWeight {
  switch (failure) {
    case 'dns':
    case 'refused':
    case 'reset':
    case 'tls':
    case 'timeout':
    case 'http_3xx':
    case 'http_4xx':
    case 'http_5xx':
    case 'protocol':
    case 'session_lost':
    case 'spawn':
    case 'exit':
      return 'down';
    case 'protocol_version':
    case 'rpc_error':
    case 'tool_error':
    case 'assertion':
      return 'critical';
    case 'auth_required':
    case 'forbidden':
      return hasCredentials ? 'critical' : 'warning';
    case 'rate_limited':
      return 'warning';
  }
}
