import { authAttempts, authRateLimitExceeded } from '../../catalog/auth.ts';
import { userBucket } from '../../facts/rules/call-labels.ts';
import { valueFamily } from '../metrics/family.ts';
import { labelFolder } from '../metrics/fold-label.ts';
import type { MetricRegistry } from '../metrics/metric-registry.ts';
import { boundedValues } from './bounded-family.ts';

export interface AuthRecorder {
  /** @param method such as `bearer`, `jwt`, `api_key`; at most 20 are labels */
  attempt(method: string, status: 'success' | 'failure'): void;
  /** @param userId counts in one of 16 hash buckets: it does not appear */
  rateLimitExceeded(userId: string): void;
}

const METHODS_MAX = 20;

export function createAuthRecorder(registry: MetricRegistry): AuthRecorder {
  const { name } = authAttempts;
  const limited = boundedValues(registry, authRateLimitExceeded);
  return {
    attempt(method, status) {
      const fold = labelFolder(registry, { metric: name, label: 'method', valuesMax: METHODS_MAX });
      valueFamily(registry, authAttempts).series({ method: fold(method), status }).value += 1;
    },
    rateLimitExceeded(userId) {
      limited({ user_id: userBucket(userId) }).value += 1;
    },
  };
}
