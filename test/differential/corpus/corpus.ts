import type { OddServer } from '../servers/odd-server.ts';
import { HTTP_BODIES } from './http-bodies.ts';
import { HTTP_EVENTS } from './http-events.ts';
import { HTTP_SESSIONS } from './http-sessions.ts';
import { HTTP_STATUSES } from './http-statuses.ts';
import { ODD_MESSAGES } from './odd-messages.ts';
import { SSE_SERVERS } from './sse.ts';
import { STDIO_SERVERS } from './stdio.ts';

export const CORPUS: readonly OddServer[] = [
  ...HTTP_STATUSES,
  ...HTTP_BODIES,
  ...HTTP_EVENTS,
  ...HTTP_SESSIONS,
  ...ODD_MESSAGES.map((odd) => ({ ...odd, transport: 'http' as const })),
  ...SSE_SERVERS,
  ...STDIO_SERVERS,
];
