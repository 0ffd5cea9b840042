import { STATUS_CODES } from 'node:http';

/**
 * The body of a refusal (RFC 9457).
 * @param id that the log has too
 */
export function problemText(status: number, detail: string, id: string): string {
  const title = STATUS_CODES[status] ?? 'Error';
  const instance = `urn:uuid:${id}`;
  return `${JSON.stringify({ type: 'about:blank', title, status, detail, instance, id })}\n`;
}
