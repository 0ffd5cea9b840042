/**
 * Lets one rendering run at a time. Who asks while one runs waits for the next one of the same key and shares it with
 * everybody else who waits: every answer is newer than its question, and no number of scrapers makes more work than
 * one rendering after the other.
 */
export function createRenderQueue<Key>(
  render: (key: Key) => Promise<string>,
): (key: Key) => Promise<string> {
  const waiting = new Map<Key, Promise<string>>();
  let last: Promise<unknown> = Promise.resolve();

  return (key) => {
    const shared = waiting.get(key);
    if (shared) return shared;
    const next = last.then(() => {
      waiting.delete(key);
      return render(key);
    });
    waiting.set(key, next);
    last = next.catch(() => undefined);
    return next;
  };
}
