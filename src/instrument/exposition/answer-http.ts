/** A request of `node:http` or express, as far as the handlers read it. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A response of `node:http` or express. */
export interface NodeResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(body?: string): unknown;
}

/** A request of the Fetch API, as Hono, Deno, Bun and route handlers of Next.js have it. */
export interface FetchRequest {
  readonly method: string;
  readonly headers: { get(name: string): string | null };
}

/** For express, `node:http` and fetch-style frameworks alike. */
export interface HttpHandler {
  (request: NodeRequest, response: NodeResponse): Promise<void>;
  (request: FetchRequest): Promise<Response>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** @param answer gets the `Accept` header; what it throws becomes a 500 with the message */
export function createHttpHandler(answer: (accept: string) => Promise<HttpAnswer>): HttpHandler {
  async function respond(method = 'GET', accept = ''): Promise<HttpAnswer> {
    if (method !== 'GET' && method !== 'HEAD')
      return { status: 405, contentType: 'text/plain', body: 'Only GET is allowed.\n' };
    try {
      return await answer(accept);
    } catch (err) {
      const message = err instanceof Error ? err.message : String(err);
      return { status: 500, contentType: 'text/plain', body: `${message}\n` };
    }
  }

  async function handle(
    request: NodeRequest | FetchRequest,
    response?: NodeResponse,
  ): Promise<void | Response> {
    const { method } = request;
    const { status, contentType, body } = await respond(method, acceptOf(request));
    const sent = method === 'HEAD' ? '' : body;
    if (!response) return new Response(sent, { status, headers: { 'content-type': contentType } });
    response.statusCode = status;
    response.setHeader('content-type', contentType);
    response.end(sent);
  }
  return handle as HttpHandler;
}

function acceptOf({ headers }: NodeRequest | FetchRequest): string {
  const accept = isFetchHeaders(headers) ? headers.get('accept') : headers['accept'];
  return String(accept ?? '');
}

function isFetchHeaders(headers: object): headers is FetchRequest['headers'] {
  return 'get' in headers && typeof headers.get === 'function';
}
