/**
 * Performs every effect, whatever one of them throws: the last ones end the request and its calls.
 * @returns the first exception; `undefined` without one
 */
export function performEach<Effect>(
  effects: readonly Effect[],
  perform: (effect: Effect) => void,
): { readonly error: unknown } | undefined {
  let fault: { readonly error: unknown } | undefined;
  for (const effect of effects) {
    try {
      perform(effect);
    } catch (error) {
      fault ??= { error };
    }
  }
  return fault;
}
