import { resultUnlessAborted, resultWithin, startDeadline } from '../../facts/deadline.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { Secret } from '../../facts/secret.ts';
import type { AccessToken, AccessTokens, TokenFailure, TokenResult } from '../access-tokens.ts';
import { afterFailedAttempt, ageOf, type FailedAttempt, isFresh } from './token-schedule.ts';

export interface TokenRequest {
  /** The last `WWW-Authenticate` of the server. */
  readonly challenge: string | undefined;
  /** The server refused it. */
  readonly refused: AccessToken | undefined;
  readonly signal: AbortSignal;
}

/** Gets a token from an authorization server or from a stored login. Never rejects. */
export interface Grant {
  /** Whether the server's own answer must say first where tokens come from (RFC 9728 §5.1). */
  readonly needsChallenge: boolean;
  obtain(request: TokenRequest): Promise<TokenResult>;
  /** Changes when another attempt may succeed after a final failure, for example with the file of a login. */
  version?(): Promise<string>;
  /** Further secrets that the grant knows, for example a refresh token. */
  secrets(): readonly Secret[];
}

/** Of one attempt. An authorization server may be slower than a check may be; the next check then has the token. */
const ATTEMPT_MS_MAX = 30_000;
/** What one request waits for a token: less than the shortest check lasts by default. */
const WAIT_MS_MAX = 4_000;

/**
 * The access tokens of one server, for everything in this process that sends requests to it. At most one attempt runs at a
 * time; a failed one is repeated with increasing delay, so that no check can hammer an authorization server.
 */
export function createTokenSource(grant: Grant, clock: Clock): AccessTokens {
  return new TokenSource(grant, clock);
}

class TokenSource implements AccessTokens {
  readonly #grant: Grant;
  readonly #clock: Clock;
  #token: AccessToken | undefined;
  /** Text that quotes it may still arrive. */
  #previous: AccessToken | undefined;
  #challenge: string | undefined;
  #failed: FailedAttempt | undefined;
  #version: string | undefined;
  #running: Promise<TokenResult> | undefined;

  constructor(grant: Grant, clock: Clock) {
    this.#grant = grant;
    this.#clock = clock;
  }

  peek(): AccessToken | undefined {
    const token = this.#token;
    return token && ageOf(token, this.#clock.nowMs()) !== 'expired' ? token : undefined;
  }

  async current(signal: AbortSignal): Promise<AccessToken | undefined> {
    const token = this.peek();
    if (token !== undefined) {
      if (ageOf(token, this.#clock.nowMs()) === 'due') void this.#obtain(undefined);
      return token;
    }
    if (this.#grant.needsChallenge && this.#challenge === undefined) return undefined;
    const renewed = await this.#wait(this.#obtain(undefined), signal);
    return renewed.ok ? renewed.token : undefined;
  }

  async replace(
    refused: AccessToken | undefined,
    challenge: string | undefined,
    signal: AbortSignal,
  ): Promise<TokenResult> {
    this.#challenge = challenge ?? this.#challenge ?? '';
    const token = this.peek();
    if (token !== undefined && token.value.reveal() !== refused?.value.reveal())
      return { ok: true, token };
    if (refused !== undefined && isFresh(refused, this.#clock.nowMs())) return this.#reject();
    return this.#wait(this.#obtain(refused), signal);
  }

  secrets(): readonly Secret[] {
    const tokens = [this.#token, this.#previous].flatMap((token) => (token ? [token.value] : []));
    return [...tokens, ...this.#grant.secrets()];
  }

  accepted(token: AccessToken): void {
    if (token === this.#token) this.#failed = undefined;
  }

  /** A new token would be refused as well. */
  #reject(): TokenResult {
    const failure: TokenFailure = {
      reason:
        'the server refuses the access token that its authorization server has just issued; check scopes and resource',
      isFinal: false,
    };
    if (!this.#mustWait()) this.#fail(failure);
    return { ok: false, failure };
  }

  #mustWait(): boolean {
    return this.#failed !== undefined && this.#clock.monotonicMs() < this.#failed.retryAtMs;
  }

  #obtain(refused: AccessToken | undefined): Promise<TokenResult> {
    this.#running ??= this.#attempt(refused).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #attempt(refused: AccessToken | undefined): Promise<TokenResult> {
    const version = await this.#grant.version?.();
    const isChanged = version !== this.#version;
    this.#version = version;
    if (this.#failed && this.#mustWait() && !isChanged)
      return { ok: false, failure: this.#failed.failure };
    const deadline = startDeadline(this.#clock, ATTEMPT_MS_MAX);
    const { signal } = deadline;
    const result = await this.#grant.obtain({ challenge: this.#challenge, refused, signal });
    deadline.end();
    // A renewal writes the file of the login itself.
    this.#version = await this.#grant.version?.();
    if (result.ok) {
      this.#previous = this.#token;
      this.#token = result.token;
    } else {
      this.#fail(result.failure);
    }
    return result;
  }

  #fail(failure: TokenFailure): void {
    this.#failed = afterFailedAttempt(this.#failed, failure, this.#clock.monotonicMs());
  }

  async #wait(attempt: Promise<TokenResult>, signal: AbortSignal): Promise<TokenResult> {
    const result = await resultUnlessAborted(
      resultWithin(this.#clock, WAIT_MS_MAX, attempt),
      signal,
    );
    const reason = 'the authorization server has not answered yet';
    return result ?? { ok: false, failure: { reason, isFinal: false } };
  }
}
