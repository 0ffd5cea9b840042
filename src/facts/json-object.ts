export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `value` if it is an object, `undefined` for anything else. */
export function jsonObjectOf(value: unknown): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}
