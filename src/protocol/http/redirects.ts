/** In a row; more of them are taken for endless. */
export const REDIRECTS_MAX = 5;
/** The request is repeated as it was (RFC 9110 §15.4.8, §15.4.9). */
export const KEEPS_METHOD: ReadonlySet<number> = new Set([307, 308]);
/** Repeated as GET, so that only a GET stays the same request (RFC 9110 §15.4.2 to §15.4.4). */
const BECOMES_GET: ReadonlySet<number> = new Set([301, 302, 303]);

/** A request, and what it was answered with. */
export interface RedirectAnswer {
  /** HTTP method of the request. */
  readonly method: string;
  /** Addresses that were asked, in order; the last one gave the answer. */
  readonly asked: readonly [URL, ...URL[]];
  readonly status: number;
  /** `Location` of the answer. */
  readonly location: string | undefined;
}

/** Whether a status sends clients to the address of `Location`. */
export function isRedirect(status: number): boolean {
  return KEEPS_METHOD.has(status) || BECOMES_GET.has(status);
}

/** Whether a redirect asks for the same request at another address. */
export function repeatsRequest(method: string, status: number): boolean {
  return KEEPS_METHOD.has(status) || (method === 'GET' && BECOMES_GET.has(status));
}

/**
 * Where a request is repeated. Only within its origin: its headers hold the credentials of one server.
 *
 * @returns undefined if the answer is none that is followed
 */
export function followRedirect(answer: RedirectAnswer): URL | undefined {
  const { method, asked, status, location } = answer;
  if (location === undefined || !repeatsRequest(method, status)) return undefined;
  const from = asked.at(-1) ?? asked[0];
  const target = URL.parse(location, from.href);
  if (target?.origin !== from.origin || asked.length > REDIRECTS_MAX) return undefined;
  return asked.some((url) => pathOf(url) === pathOf(target)) ? undefined : target;
}

function pathOf({ pathname, search }: URL): string {
  return `${pathname}${search}`;
}
