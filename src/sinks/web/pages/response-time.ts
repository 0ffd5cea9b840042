import type { ServerView } from '../../../facts/ports/server-view.ts';
import { formatDuration } from '../format.ts';
import { type Html, html } from '../html.ts';
import { noValue } from './elements.ts';
import { relativeTime } from './time.ts';

/** The response time of a server; one that no longer holds is marked as the last that was known. */
export function responseTime(
  { responseTimeMs, lastResponse }: Pick<ServerView, 'responseTimeMs' | 'lastResponse'>,
  nowMs: number,
): Html | string {
  if (responseTimeMs !== undefined) return formatDuration(responseTimeMs);
  if (!lastResponse) return noValue('Not known yet');
  const { timeMs, atMs } = lastResponse;
  return html`<span class="muted"
    >last: ${formatDuration(timeMs)}, ${relativeTime(atMs, nowMs, 'ago')}</span
  >`;
}
