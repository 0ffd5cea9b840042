/** Where a client finds a server. */
export type Address =
  | { readonly transport: 'http' | 'sse'; readonly url: string }
  | { readonly transport: 'stdio'; readonly command: string; readonly args: readonly string[] };

/** How a client's attempt to connect and to list the tools ended. */
export interface Attempt {
  /** `fails`: with an error; `no answer`: not within the limit. */
  readonly outcome: 'lists' | 'fails' | 'no answer';
  /** The error, for a person. */
  readonly detail: string;
}

/** Connects with a fresh client, lists the tools and disconnects. Never rejects. */
export type TryClient = (address: Address, limitMs: number) => Promise<Attempt>;

/** What an official client of JavaScript does, within the limit; it is closed in any case. */
export async function attempt(
  limitMs: number,
  list: () => Promise<unknown>,
  close: () => Promise<unknown>,
): Promise<Attempt> {
  const { promise: tooLate, resolve } = Promise.withResolvers<Attempt>();
  const timer = setTimeout(() => resolve({ outcome: 'no answer', detail: '' }), limitMs);
  const listing = list().then(
    (): Attempt => ({ outcome: 'lists', detail: '' }),
    (error: unknown): Attempt => ({ outcome: 'fails', detail: String(error) }),
  );
  const ended = await Promise.race([listing, tooLate]);
  clearTimeout(timer);
  await close().catch(() => undefined);
  return ended;
}
