import { EMPTY, json, text, withHeaders } from '../servers/http-answers.ts';
import type { HttpAnswer, OddHttpServer, React } from '../servers/odd-server.ts';
import { errorOf } from '../servers/usual-replies.ts';

const TRANSPORT = 'http' as const;

/** Answers with a result get another status. */
function withStatus(status: number): React {
  return ({ reply }, usual) => (reply && usual.status === 200 ? { ...usual, status } : usual);
}

/** Answers to notifications are these. */
function toNotifications(answer: HttpAnswer): React {
  return ({ verb, method, reply }, usual) =>
    verb === 'POST' && method !== '' && reply === undefined ? answer : usual;
}

function toDiscover(answer: HttpAnswer): React {
  return ({ method }, usual) => (method === 'server/discover' ? answer : usual);
}

function always(answer: HttpAnswer): React {
  return () => answer;
}

const PLAIN: readonly OddHttpServer[] = [
  { transport: TRANSPORT, name: 'plain-sessions', what: 'nothing odd: sessions', era: 'sessions' },
  {
    transport: TRANSPORT,
    name: 'plain-stateless',
    what: 'nothing odd: stateless',
    era: 'stateless',
  },
  { transport: TRANSPORT, name: 'plain-both-eras', what: 'nothing odd: both eras', era: 'both' },
  {
    transport: TRANSPORT,
    name: 'no-session-id',
    what: 'initialize opens no session',
    era: 'sessions',
    hasSessions: false,
  },
];

const REVISIONS: readonly OddHttpServer[] = [
  '2024-10-07',
  '2024-11-05',
  '2025-03-26',
  '2025-06-18',
].map((revision) => ({
  transport: TRANSPORT,
  name: `revision-${revision}`,
  what: `speaks ${revision} only`,
  era: 'sessions',
  revision,
}));

const SUCCESSES: readonly OddHttpServer[] = [
  {
    transport: TRANSPORT,
    name: 'status-201',
    what: 'results with status 201',
    era: 'sessions',
    answer: withStatus(201),
  },
  {
    transport: TRANSPORT,
    name: 'status-201-stateless',
    what: 'results with status 201',
    era: 'stateless',
    answer: withStatus(201),
  },
  {
    transport: TRANSPORT,
    name: 'status-203',
    what: 'results with status 203',
    era: 'sessions',
    answer: withStatus(203),
  },
  {
    transport: TRANSPORT,
    name: 'status-202-with-body',
    waits: 'for ever',
    what: 'results with status 202',
    era: 'sessions',
    answer: withStatus(202),
    reason: 'HTTP 202',
  },
  {
    transport: TRANSPORT,
    name: 'status-400-with-result',
    what: 'results with status 400',
    era: 'sessions',
    answer: withStatus(400),
    reason: 'HTTP 400',
  },
];

const NOTIFICATIONS: readonly OddHttpServer[] = [
  {
    transport: TRANSPORT,
    name: 'notification-200-empty',
    what: 'notifications are answered 200 without a body',
    era: 'sessions',
    answer: toNotifications({ status: 200, headers: {}, body: [] }),
  },
  {
    transport: TRANSPORT,
    name: 'notification-204',
    what: 'notifications are answered 204',
    era: 'sessions',
    answer: toNotifications({ status: 204, headers: {}, body: [], framing: 'chunked' }),
  },
  {
    transport: TRANSPORT,
    name: 'notification-200-json',
    what: 'notifications are answered 200 with JSON null',
    era: 'sessions',
    answer: toNotifications(json(null)),
  },
  {
    transport: TRANSPORT,
    name: 'notification-202-text',
    what: 'notifications are answered 202 with text',
    era: 'sessions',
    answer: toNotifications(text(202, 'text/plain', 'Accepted')),
  },
  {
    transport: TRANSPORT,
    name: 'notification-400',
    what: 'notifications/initialized is refused with 400',
    era: 'sessions',
    answer: toNotifications(json(errorOf(null, -32600, 'Invalid request'), 400)),
    reason: '-32600',
  },
  {
    transport: TRANSPORT,
    name: 'notification-500',
    what: 'notifications/initialized is refused with 500',
    era: 'sessions',
    answer: toNotifications(text(500, 'text/plain', 'oops')),
    reason: 'HTTP 500',
  },
];

const DISCOVERIES: readonly OddHttpServer[] = [
  {
    transport: TRANSPORT,
    name: 'discover-404-text',
    what: 'server/discover is answered 404 with text',
    era: 'sessions',
    answer: toDiscover(text(404, 'text/plain', 'Invalid session ID')),
  },
  {
    transport: TRANSPORT,
    name: 'discover-500',
    what: 'server/discover is answered 500',
    era: 'sessions',
    answer: toDiscover(json(errorOf(null, -32603, 'Internal error'), 500)),
  },
  {
    transport: TRANSPORT,
    name: 'discover-503-html',
    what: 'server/discover is answered 503 with a page',
    era: 'sessions',
    answer: toDiscover(text(503, 'text/html', '<p>unavailable</p>')),
  },
  {
    transport: TRANSPORT,
    name: 'discover-empty-result',
    what: 'server/discover is answered with an empty result',
    era: 'sessions',
    reply: ({ method, message }, usual) =>
      method === 'server/discover' ? { jsonrpc: '2.0', id: message['id'], result: {} } : usual,
  },
  {
    transport: TRANSPORT,
    name: 'discover-202',
    waits: 'for ever',
    what: 'server/discover is answered 202 without a body',
    era: 'sessions',
    answer: toDiscover(EMPTY),
  },
  {
    transport: TRANSPORT,
    name: 'discover-hangs',
    waits: 'for ever',
    what: 'server/discover is never answered',
    era: 'sessions',
    answer: ({ method }, usual) => (method === 'server/discover' ? 'hang' : usual),
  },
  {
    transport: TRANSPORT,
    name: 'discover-resets',
    what: 'server/discover resets the connection',
    era: 'sessions',
    answer: ({ method }, usual) => (method === 'server/discover' ? 'reset' : usual),
  },
];

function toPing(reaction: Awaited<ReturnType<React>>): React {
  return ({ method }, usual) => (method === 'ping' ? reaction : usual);
}

const PINGS: readonly OddHttpServer[] = [
  ['404', 'is answered 404 with text', text(404, 'text/plain', 'not found')] as const,
  ['405', 'is answered 405', text(405, 'text/plain', '')] as const,
  ['500', 'is answered 500', text(500, 'text/plain', 'oops')] as const,
  ['page', 'is answered 200 with a page', text(200, 'text/html', '<p>hello</p>')] as const,
  ['resets', 'resets the connection', 'reset'] as const,
  ['hangs', 'is never answered', 'hang'] as const,
].map(([name, what, reaction]) => ({
  transport: TRANSPORT,
  name: `ping-${name}`,
  what: `ping ${what}`,
  era: 'sessions',
  answer: toPing(reaction),
}));

const REFUSALS: readonly OddHttpServer[] = [
  {
    transport: TRANSPORT,
    name: 'always-404',
    what: 'everything is answered 404',
    era: 'sessions',
    answer: always(text(404, 'text/html', '<h1>Not Found</h1>')),
    reason: 'HTTP 404',
  },
  {
    transport: TRANSPORT,
    name: 'always-500',
    what: 'everything is answered 500',
    era: 'sessions',
    answer: always(text(500, 'text/plain', 'oops')),
    reason: 'HTTP 500',
  },
  {
    transport: TRANSPORT,
    name: 'always-503',
    what: 'everything is answered 503',
    era: 'stateless',
    answer: always(withHeaders(text(503, 'text/plain', ''), { 'Retry-After': '1' })),
    reason: 'HTTP 503',
  },
  {
    transport: TRANSPORT,
    name: 'always-401',
    what: 'everything needs authorization',
    era: 'sessions',
    answer: always(withHeaders(text(401, 'text/plain', ''), { 'WWW-Authenticate': 'Basic' })),
    reason: 'HTTP 401',
  },
  {
    transport: TRANSPORT,
    name: 'always-403',
    what: 'everything is forbidden',
    era: 'sessions',
    answer: always(text(403, 'text/plain', 'no')),
    reason: 'HTTP 403',
  },
  {
    transport: TRANSPORT,
    name: 'always-429',
    what: 'everything is rate limited',
    era: 'sessions',
    answer: always(withHeaders(text(429, 'text/plain', ''), { 'Retry-After': '1' })),
    reason: 'HTTP 429',
  },
  {
    transport: TRANSPORT,
    name: 'always-hangs',
    waits: 'for ever',
    what: 'nothing is ever answered',
    era: 'sessions',
    answer: () => 'hang',
    reason: 'within',
  },
  {
    transport: TRANSPORT,
    name: 'always-resets',
    what: 'every request resets the connection',
    era: 'sessions',
    answer: () => 'reset',
    reason: 'closed the connection',
  },
];

export const HTTP_STATUSES: readonly OddHttpServer[] = [
  ...PLAIN,
  ...REVISIONS,
  ...SUCCESSES,
  ...NOTIFICATIONS,
  ...DISCOVERIES,
  ...PINGS,
  ...REFUSALS,
];
