type AnyFunction = (this: never, ...args: never[]) => unknown;

/** Wraps a function, or a method as a standard decorator. `this`, arguments and result stay as they are. */
export type FunctionWrapper = <Wrapped extends AnyFunction>(
  wrapped: Wrapped,
  context?: { readonly kind: 'method' },
) => Wrapped;

/** @param around gets the call of the wrapped function, and returns what it returns */
export function createWrapper(around: (call: () => unknown) => unknown): FunctionWrapper {
  return <Wrapped extends AnyFunction>(wrapped: Wrapped): Wrapped => {
    if (typeof wrapped !== 'function')
      throw new TypeError(
        'This wraps functions, and methods as a standard decorator. With experimentalDecorators, wrap the function.',
      );
    const wrapper = function wrapper(this: unknown, ...args: unknown[]): unknown {
      return around(() => Reflect.apply(wrapped as never, this, args));
    };
    // As the original, for whoever reads its name or counts its parameters.
    for (const property of ['name', 'length'])
      Object.defineProperty(wrapper, property, {
        value: Reflect.get(wrapped, property),
        configurable: true,
      });
    return wrapper as unknown as Wrapped;
  };
}
