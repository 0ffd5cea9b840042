const NAME_BYTES_MAX = 128;

/** What is wrong with a server's name, which becomes a label and a part of a URL path (percent-encoded); nothing if it will do. */
export function findNameMistake(name: string): string | undefined {
  if (name.trim() === '') return 'a server needs a name';
  if (name !== name.trim()) return 'a name must not begin or end with a space';
  if (/\p{Cc}/u.test(name)) return 'a name must not hold control characters';
  if (!name.isWellFormed()) return 'a name must be valid Unicode';
  if (name === '.' || name === '..')
    return 'a name must not be . or .., which mean something else in a URL';
  if (name === '_OTHER') return 'the name _OTHER stands for everything beyond a limit';
  if (name === '__proto__') return 'a name must not be __proto__';
  const bytes = new TextEncoder().encode(name).length;
  return bytes > NAME_BYTES_MAX
    ? `a name must not be longer than ${NAME_BYTES_MAX} bytes, not ${bytes}`
    : undefined;
}
