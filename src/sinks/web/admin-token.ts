import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import type { Secret } from '../../facts/secret.ts';

/** Whether the request carries the admin token as its bearer. */
export function hasToken(request: Request, adminToken: Secret | undefined): boolean {
  const given = bearerToken(request);
  return adminToken !== undefined && given !== undefined && isSame(given, adminToken.reveal());
}

export function bearerToken(request: Request): string | undefined {
  return /^Bearer +([^\s]+) *$/i.exec(request.headers.authorization ?? '')?.[1];
}

/** Compares digests, so that neither length nor content shows in the time taken. */
export function isSame(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
