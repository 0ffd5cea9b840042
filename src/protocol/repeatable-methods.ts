/** What may be sent twice: it reads, or begins what is ended if nobody uses it. `tools/call` never is. */
const REPEATABLE_METHODS = new Set([
  'initialize',
  'notifications/initialized',
  'ping',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'server/discover',
  'tools/list',
]);

/** Whether a message of this method may be sent again if it is unknown whether the first one arrived. */
export function isRepeatable(method: string | undefined): boolean {
  return method !== undefined && REPEATABLE_METHODS.has(method);
}
