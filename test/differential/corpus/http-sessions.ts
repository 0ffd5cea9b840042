import { event, events, json, redirect, text, withHeaders } from '../servers/http-answers.ts';
import type { HttpAnswer, HttpAsked, OddHttpServer, React } from '../servers/odd-server.ts';
import { errorOf } from '../servers/usual-replies.ts';

const TRANSPORT = 'http' as const;

/** Requests in a session that the server no longer knows are answered so. */
function lost(answer: (asked: HttpAsked) => ReturnType<React>): React {
  return (asked, usual) =>
    usual.status === 404 && asked.isLater && asked.verb === 'POST' ? answer(asked) : usual;
}

const LOST_SESSIONS: readonly OddHttpServer[] = (
  [
    ['404', '404', ({ message }) => json(errorOf(message['id'], -32001, 'Session not found'), 404)],
    ['404-text', '404 with text', () => text(404, 'text/plain', 'Invalid session ID')],
    ['400', '400', ({ message }) => json(errorOf(message['id'], -32000, 'No valid session'), 400)],
    ['400-text', '400 with text', () => text(400, 'text/plain', 'Bad Request')],
    ['401', '401', () => text(401, 'text/plain', 'no session')],
    ['403', '403', () => text(403, 'text/plain', 'no session')],
    ['405', '405', () => text(405, 'text/plain', '')],
    ['409', '409', () => text(409, 'text/plain', 'stale')],
    ['410', '410', () => text(410, 'text/plain', 'gone')],
    ['422', '422', () => json(errorOf(null, -32000, 'unknown session'), 422)],
    ['500', '500', () => text(500, 'text/plain', 'KeyError')],
    ['503', '503', () => text(503, 'text/html', '<p>unavailable</p>')],
    [
      '200-error',
      '200 and a JSON-RPC error',
      ({ message }) => json(errorOf(message['id'], -32600, 'Server not initialized')),
    ],
    ['200-page', '200 and a page', () => text(200, 'text/html', '<p>start again</p>')],
    ['202', '202 without a body', () => ({ status: 202, headers: {}, body: [] })],
    ['events-end', 'a stream that ends at once', () => events('')],
    ['reset', 'a reset', () => 'reset'],
  ] as const satisfies readonly (readonly [
    string,
    string,
    (asked: HttpAsked) => ReturnType<React>,
  ])[]
).map(([name, what, answer]) => ({
  transport: TRANSPORT,
  name: `lost-session-${name}`,
  what: `answers lost sessions with ${what}`,
  era: 'sessions',
  forgets: 'sessions',
  answer: lost(answer),
}));

const OTHER_SESSIONS: readonly OddHttpServer[] = [
  {
    transport: TRANSPORT,
    name: 'lost-session-hangs',
    waits: 'for ever',
    what: 'never answers in lost sessions',
    era: 'sessions',
    forgets: 'sessions',
    answer: lost(() => 'hang'),
  },
  {
    transport: TRANSPORT,
    name: 'lost-session-for-both-eras',
    what: 'loses sessions; speaks both eras',
    era: 'both',
    forgets: 'sessions',
  },
  {
    transport: TRANSPORT,
    name: 'session-id-in-every-answer',
    what: 'every answer names another session id, and any is taken',
    era: 'sessions',
    hasSessions: false,
    answer: ({ method, before }, usual) =>
      withHeaders(usual, { 'Mcp-Session-Id': `${method}-${before}` }),
  },
  {
    transport: TRANSPORT,
    name: 'session-id-on-refused-discover',
    what: 'the refusal of server/discover names a session that is not there',
    era: 'sessions',
    answer: ({ method }, usual) =>
      method === 'server/discover' ? withHeaders(usual, { 'Mcp-Session-Id': 'dead' }) : usual,
  },
  {
    transport: TRANSPORT,
    name: 'session-id-lower-case',
    what: 'the header of the session id is in lower case and long',
    era: 'sessions',
    hasSessions: false,
    answer: ({ method }, usual) =>
      method === 'initialize' ? withHeaders(usual, { 'mcp-session-id': 'x'.repeat(500) }) : usual,
  },
  {
    transport: TRANSPORT,
    name: 'session-lasts-for-one-request',
    what: 'a session ends after its first request',
    era: 'sessions',
    hasSessions: false,
    answer: endsAfterFirstRequest(),
  },
  {
    transport: TRANSPORT,
    name: 'session-stateless-with-header',
    what: 'stateless, with a session id all the same',
    era: 'stateless',
    answer: (_, usual) => withHeaders(usual, { 'Mcp-Session-Id': 'pointless' }),
  },
];

/** Like a server behind a balancer without sticky sessions: the second request meets another instance. */
function endsAfterFirstRequest(): React {
  const used = new Set<string>();
  return (asked, usual) => {
    const { method, message, before, headers, origin } = asked;
    if (method === 'initialize')
      return withHeaders(usual, { 'Mcp-Session-Id': `${origin}-${before}` });
    const session = String(headers['mcp-session-id'] ?? '');
    if (asked.verb !== 'POST' || asked.reply === undefined || method === 'server/discover')
      return usual;
    if (used.has(session)) return json(errorOf(message['id'], -32001, 'Session not found'), 404);
    used.add(session);
    return usual;
  };
}

function toVerb(verb: string, reaction: Awaited<ReturnType<React>>): React {
  return (asked, usual) => (asked.verb === verb ? reaction : usual);
}

const VERBS: readonly OddHttpServer[] = [
  ['get-404', 'GET is answered 404', 'GET', text(404, 'text/html', 'not found')] as const,
  ['get-400', 'GET is answered 400', 'GET', text(400, 'text/plain', 'bad request')] as const,
  ['get-406', 'GET is answered 406', 'GET', text(406, 'text/plain', '')] as const,
  ['get-500', 'GET is answered 500', 'GET', text(500, 'text/plain', 'oops')] as const,
  ['get-200-json', 'GET is answered 200 with JSON', 'GET', json({ status: 'ok' })] as const,
  ['get-hangs', 'GET is never answered', 'GET', 'hang'] as const,
  ['get-resets', 'GET resets the connection', 'GET', 'reset'] as const,
  ['get-stream', 'GET opens a stream', 'GET', { ...events(':\n\n'), end: 'open' }] as const,
  ['get-stream-ends', 'GET opens a stream that ends', 'GET', events(':\n\n')] as const,
  ['delete-405', 'DELETE is answered 405', 'DELETE', text(405, 'text/plain', '')] as const,
  ['delete-404', 'DELETE is answered 404', 'DELETE', text(404, 'text/plain', '')] as const,
  ['delete-500', 'DELETE is answered 500', 'DELETE', text(500, 'text/plain', '')] as const,
  ['delete-hangs', 'DELETE is never answered', 'DELETE', 'hang'] as const,
].map(([name, what, verb, reaction]) => ({
  transport: TRANSPORT,
  name,
  what,
  era: 'sessions',
  answer: toVerb(verb, reaction),
}));

/** Requests to the path are sent on. */
function redirected(
  status: number,
  locationOf: (asked: HttpAsked) => string,
  path = '/mcp',
): React {
  return (asked, usual) => (asked.path === path ? redirect(status, locationOf(asked)) : usual);
}

const REDIRECTS: readonly OddHttpServer[] = (
  [
    ['307-relative', 'to /mcp/ by 307', 'sessions', 307, () => '/mcp/'],
    [
      '307-absolute',
      'to /mcp/ by 307, absolute',
      'sessions',
      307,
      ({ origin }) => `${origin}/mcp/`,
    ],
    ['308-relative', 'to /mcp/ by 308', 'sessions', 308, () => '/mcp/'],
    ['308-stateless', 'to /mcp/ by 308', 'stateless', 308, () => '/mcp/'],
    ['307-stateless', 'to /mcp/ by 307', 'stateless', 307, ({ origin }) => `${origin}/mcp/`],
    ['307-other-path', 'to /v2/mcp?x=1 by 307', 'both', 307, () => '/v2/mcp?x=1'],
    ['307-no-slash', 'to "mcp/" by 307, without a leading slash', 'sessions', 307, () => 'mcp/'],
    ['301', 'to /mcp/ by 301', 'sessions', 301, () => '/mcp/', '301'],
    ['302', 'to /mcp/ by 302', 'sessions', 302, () => '/mcp/', '302'],
    ['303', 'to /mcp/ by 303', 'sessions', 303, () => '/mcp/', '303'],
    [
      '307-other-origin',
      'to another origin by 307',
      'sessions',
      307,
      ({ otherOrigin }) => `${otherOrigin}/mcp/`,
      '307',
    ],
    ['307-loop', 'to itself by 307', 'sessions', 307, () => '/mcp', 'redirect'],
    ['307-no-location', 'by 307 without Location', 'sessions', 307, () => '', '307'],
  ] as const satisfies readonly (readonly [
    string,
    string,
    OddHttpServer['era'],
    number,
    (asked: HttpAsked) => string,
    string?,
  ])[]
).map(([name, what, era, status, locationOf, reason]) => ({
  transport: TRANSPORT,
  name: `redirect-${name}`,
  what: `redirects ${what}`,
  era,
  answer: redirected(status, locationOf),
  ...(reason !== undefined && { reason }),
}));

function toReplies(change: (usual: HttpAnswer, asked: HttpAsked) => ReturnType<React>): React {
  return (asked, usual) => (asked.reply === undefined ? usual : change(usual, asked));
}

const CONNECTIONS: readonly OddHttpServer[] = [
  {
    transport: TRANSPORT,
    name: 'connection-forgotten',
    waits: 'for ever',
    what: 'a middlebox drops idle connections without a sign',
    era: 'sessions',
    forgets: 'connections',
    hasSessions: false,
  },
  {
    transport: TRANSPORT,
    name: 'connection-forgotten-stateless',
    waits: 'for ever',
    what: 'a middlebox drops idle connections without a sign',
    era: 'stateless',
    forgets: 'connections',
  },
  {
    transport: TRANSPORT,
    name: 'connection-for-one-request',
    what: 'the second request on a connection resets it',
    era: 'sessions',
    answer: ({ isFirstOfConnection }, usual) => (isFirstOfConnection ? usual : 'reset'),
  },
  {
    transport: TRANSPORT,
    name: 'connection-for-one-request-stateless',
    what: 'the second request on a connection resets it',
    era: 'stateless',
    answer: ({ isFirstOfConnection }, usual) => (isFirstOfConnection ? usual : 'reset'),
  },
  {
    transport: TRANSPORT,
    name: 'connection-reset-later',
    what: 'kept connections are reset by a later request',
    era: 'sessions',
    answer: ({ isFirstOfConnection, isLater }, usual) =>
      isLater && !isFirstOfConnection ? 'reset' : usual,
  },
];

function refusedUnless(isRight: (asked: HttpAsked) => boolean, status: number): React {
  return (asked, usual) =>
    asked.verb !== 'POST' || isRight(asked) ? usual : text(status, 'text/plain', 'refused');
}

const STRICT: readonly OddHttpServer[] = [
  {
    transport: TRANSPORT,
    name: 'strict-accept',
    what: 'refuses requests that do not accept both types',
    era: 'sessions',
    answer: refusedUnless(
      ({ headers: { accept = '' } }) =>
        accept.includes('application/json') && accept.includes('text/event-stream'),
      406,
    ),
  },
  {
    transport: TRANSPORT,
    name: 'strict-content-type',
    what: 'refuses requests whose content type is not exactly application/json',
    era: 'stateless',
    answer: refusedUnless(({ headers }) => headers['content-type'] === 'application/json', 415),
  },
  {
    transport: TRANSPORT,
    name: 'strict-host',
    what: 'refuses requests with another Host',
    era: 'sessions',
    answer: refusedUnless(({ headers, origin }) => `http://${headers.host}` === origin, 403),
  },
  {
    transport: TRANSPORT,
    name: 'strict-version-header',
    what: 'refuses requests in a session without MCP-Protocol-Version',
    era: 'sessions',
    answer: refusedUnless(
      ({ method, headers }) =>
        method === 'initialize' || headers['mcp-protocol-version'] !== undefined,
      400,
    ),
  },
  {
    transport: TRANSPORT,
    name: 'strict-revision',
    what: 'refuses versions in MCP-Protocol-Version that it does not know, with text',
    era: 'sessions',
    answer: refusedUnless(
      ({ headers: { 'mcp-protocol-version': version } }) =>
        version === undefined || version === '2025-11-25',
      400,
    ),
  },
  {
    transport: TRANSPORT,
    name: 'strict-user-agent',
    what: 'refuses requests without User-Agent',
    era: 'sessions',
    answer: refusedUnless(({ headers }) => (headers['user-agent'] ?? '') !== '', 403),
  },
  {
    transport: TRANSPORT,
    name: 'strict-length',
    what: 'refuses requests without Content-Length',
    era: 'sessions',
    answer: refusedUnless(({ headers }) => headers['content-length'] !== undefined, 411),
  },
];

const PAUSES: readonly OddHttpServer[] = [
  {
    transport: TRANSPORT,
    name: 'slow-answers',
    waits: 'seconds',
    what: 'every answer takes 1 s',
    era: 'both',
    answer: toReplies((usual) => after(1_000, usual)),
  },
  {
    transport: TRANSPORT,
    name: 'slow-first-answer',
    waits: 'seconds',
    what: 'the first answer takes 3 s; sessions',
    era: 'sessions',
    answer: toReplies((usual, { before, method }) =>
      before === 0 && method !== 'tools/list' ? after(3_000, usual) : usual,
    ),
  },
  {
    transport: TRANSPORT,
    name: 'slow-first-answer-stateless',
    waits: 'seconds',
    what: 'the first answer takes 3 s; stateless',
    era: 'stateless',
    answer: toReplies((usual, { before, method }) =>
      before === 0 && method === 'server/discover' ? after(3_000, usual) : usual,
    ),
  },
  {
    transport: TRANSPORT,
    name: 'slow-first-answer-both-eras',
    waits: 'seconds',
    what: 'the first answer takes 3 s; both eras',
    era: 'both',
    answer: toReplies((usual, { before, method }) =>
      before === 0 && method !== 'tools/list' ? after(3_000, usual) : usual,
    ),
  },
  {
    transport: TRANSPORT,
    name: 'slow-list',
    waits: 'seconds',
    what: 'tools/list takes 3 s',
    era: 'sessions',
    answer: toReplies((usual, { method }) =>
      method === 'tools/list' ? after(3_000, usual) : usual,
    ),
  },
  {
    transport: TRANSPORT,
    name: 'slow-list-events',
    waits: 'seconds',
    what: 'tools/list takes 3 s after the head of its stream',
    era: 'stateless',
    answer: toReplies((usual, { method, reply }) =>
      method === 'tools/list' ? events([{ bytes: event(reply), afterMs: 3_000 }]) : usual,
    ),
  },
];

async function after(ms: number, answer: HttpAnswer): Promise<HttpAnswer> {
  const { promise, resolve } = Promise.withResolvers<HttpAnswer>();
  setTimeout(() => resolve(answer), ms);
  return promise;
}

export const HTTP_SESSIONS: readonly OddHttpServer[] = [
  ...LOST_SESSIONS,
  ...OTHER_SESSIONS,
  ...VERBS,
  ...REDIRECTS,
  ...CONNECTIONS,
  ...STRICT,
  ...PAUSES,
];
