import { userBucket, userPseudonym } from '../../facts/rules/call-labels.ts';
import type { AuthAttempted, RateLimitExceeded } from '../../facts/gateway-facts.ts';
import { OVERFLOW_LABEL } from '../../facts/rules/label-bound.ts';
import { authAttempts, authRateLimitExceeded } from '../../catalog/auth.ts';
import { fleetActiveUsers, USER_WINDOW_NAMES, userCost } from '../../catalog/usage.ts';
import { createActiveUsers } from '../../facts/rules/active-users.ts';
import type { EpochMs } from '../../facts/time.ts';
import { type Cell, createBatchedCounter } from './batched-counter.ts';
import type { Families } from './create-families.ts';

const USERS_MAX = 50;

/** Fills what is counted of users over all servers, without naming one. */
export interface UsersRecorder {
  attempted(fact: AuthAttempted): void;
  rateLimited(fact: RateLimitExceeded): void;
  charged(userHash: number, costUsd: number): void;
  seen(userHash: number, atMs: EpochMs): void;
  flush(nowMs: EpochMs): void;
}

export function createUsersRecorder(families: Families, onUserFolded: () => void): UsersRecorder {
  const attempts = families.counter(authAttempts);
  const exceeded = families.counter(authRateLimitExceeded);
  const cost = createBatchedCounter(families, userCost);
  const others = cost.cell({ user: OVERFLOW_LABEL });
  const cells = new Map<number, Cell<'user'>>();
  const active = families.gauge(fleetActiveUsers);
  const users = createActiveUsers();

  function cellOf(userHash: number): Cell<'user'> {
    const known = cells.get(userHash);
    if (known) return known;
    if (cells.size >= USERS_MAX) {
      onUserFolded();
      return others;
    }
    const cell = cost.cell({ user: userPseudonym(userHash) });
    cells.set(userHash, cell);
    return cell;
  }

  return {
    attempted({ method, status }) {
      attempts.inc({ method, status });
    },
    rateLimited({ user }) {
      exceeded.inc({ user_id: userBucket(user) });
    },
    charged(userHash, costUsd) {
      cost.add(cellOf(userHash), costUsd);
    },
    seen: users.seen,
    flush(nowMs) {
      cost.flush();
      for (const window of USER_WINDOW_NAMES) active.set({ window }, users.count(window, nowMs));
    },
  };
}
