import type { CallEntry } from '../../../facts/call-log.ts';
import { type CallOutcome, isFailure } from '../../../facts/call-outcome.ts';
import { formatBytes, formatCount, formatDuration, formatUsd } from '../format.ts';
import { type Html, html } from '../html.ts';
import type { OutsideUrls } from '../ports.ts';
import { auditPath, errorGroupPath } from './page-links.ts';
import { columnHead, noValue } from './elements.ts';
import { serverPath } from './landing-page.ts';
import { timeWithClock } from './time.ts';
import { traceLinks } from './trace-links.ts';
import type { EpochMs } from '../../../facts/time.ts';

export interface AuditTable {
  readonly calls: readonly CallEntry[];
  readonly urls: OutsideUrls;
  readonly nowMs: EpochMs;
}

/** Calls as rows, in the order given. */
export function auditTable({ calls, urls, nowMs }: AuditTable): Html {
  return html`<div class="card">
    <table class="grid entries" role="table">
      <caption class="unseen">
        Calls
      </caption>
      <thead role="rowgroup">
        <tr role="row">
          ${columnHead('Outcome', 'outcome-cell')} ${columnHead('Call', 'name')}
          ${columnHead('Server', 'where')} ${columnHead('User, client', 'who')}
          ${columnHead('When', 'num when')} ${columnHead('Duration', 'num duration')}
          ${columnHead('Request, response', 'num sizes')} ${columnHead('Tokens', 'num tokens')}
          ${columnHead('Trace', 'num trace')}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${calls.map((call) => row(call, { urls, nowMs }))}
      </tbody>
    </table>
  </div>`;
}

function row(call: CallEntry, { urls, nowMs }: Omit<AuditTable, 'calls'>): Html {
  return html`<tr role="row">
    <td role="cell" class="outcome-cell">
      ${callOutcome(call.outcome)} <span class="muted">${call.status}</span>
    </td>
    <th role="rowheader" scope="row" class="name">
      <bdi>${nameOf(call)}</bdi
      >${call.target !== undefined && html` <span class="muted small">${call.operation}</span>`}
      ${errorOf(call)} ${detailsOf(call, urls)}
    </th>
    <td role="cell" class="where">
      <a href="${serverPath(call.server)}"><bdi>${call.server}</bdi></a>
    </td>
    <td role="cell" class="who">${callerOf(call)}</td>
    <td role="cell" class="num" data-label="When">${when(call.atMs, nowMs)}</td>
    <td role="cell" class="num" data-label="Duration">${formatDuration(call.durationMs)}</td>
    <td role="cell" class="num sizes" data-label="Request, response">${sizesOf(call)}</td>
    <td role="cell" class="num" data-label="Tokens">${tokensOf(call)}</td>
    <td role="cell" class="num trace" data-label="Trace">
      <a href="${auditPath({ trace: call.traceId })}" title="Trace ${call.traceId}"
        ><code>${call.traceId.slice(0, 8)}</code></a
      >
    </td>
  </tr> `;
}

/** Failures of servers in red, mistakes of callers and refusals in yellow. */
export function callOutcome(outcome: CallOutcome): Html {
  const isSuccess = outcome === 'success' || outcome === 'input_required';
  const look = isSuccess ? 'healthy' : isFailure(outcome) ? 'offline' : 'warning';
  return html`<span class="outcome is-${look}">${outcome}</span>`;
}

/** Relative, with the time of day or the day. */
export function when(atMs: EpochMs, nowMs: EpochMs): Html {
  return timeWithClock(atMs, nowMs);
}

/** The tool or method of a call or a group of errors. */
export function nameOf({
  target,
  operation,
}: {
  readonly target?: string;
  readonly operation: string;
}): string {
  return target ?? (operation === '' ? 'No method' : operation);
}

function sizesOf({ requestBytes, responseBytes }: CallEntry): string {
  return `${formatBytes(requestBytes)}, ${formatBytes(responseBytes)}`;
}

function errorOf({ errorType, errorMessage, errorGroupId }: CallEntry): Html | false {
  if (errorType === undefined && errorMessage === undefined) return false;
  const text = errorMessage ?? errorType ?? '';
  return html`<span class="reason"
    >${errorGroupId === undefined ? html`<bdi>${text}</bdi>` : html`<a href="${errorGroupPath(errorGroupId)}"><bdi>${text}</bdi></a>`}</span
  >`;
}

function callerOf({ user, client }: CallEntry): Html {
  if (user === undefined && client === undefined) return noValue('Not known');
  return html`${user !== undefined && html`<bdi>${user}</bdi>`}
  ${client && html`<span class="muted small line"><bdi>${client.name} ${client.version}</bdi></span>`}`;
}

function tokensOf({ tokens, costUsd }: CallEntry): Html {
  if (!tokens) return noValue('Not known');
  const { input, output, source } = tokens;
  return html`<span title="${formatCount(input)} in, ${formatCount(output)} out, ${source}"
      >${formatCount(input + output)}</span
    >${costUsd !== undefined && html`<span class="clock">${formatUsd(costUsd)}</span>`}`;
}

/** What is needed now and then. */
function detailsOf(call: CallEntry, urls: OutsideUrls): Html {
  const { errorType, rpcCode, session, requestId, protocolVersion, argumentsText } = call;
  const pairs: readonly (readonly [string, Html | string | number | undefined])[] = [
    ['Time', new Date(call.atMs).toISOString()],
    ['Error type', errorType],
    ['JSON-RPC code', rpcCode],
    ['Request', requestId],
    ['Session', session !== undefined && session !== '' ? sessionLink(session) : undefined],
    ['Trace', traceLinks(call.traceId, urls)],
    ['Request, response', sizesOf(call)],
    ['Transport', call.transport],
    ['Direction', call.direction],
    ['Protocol', protocolVersion],
    ['Arguments', argumentsText !== undefined ? html`<code>${argumentsText}</code>` : undefined],
  ];
  return html`<details>
    <summary class="small">Details</summary>
    <dl class="pairs small">
      ${pairs.map(
        ([name, value]) =>
          value !== undefined &&
          value !== '' &&
          html`<dt>${name}</dt>
            <dd><bdi>${value}</bdi></dd>`,
      )}
    </dl>
  </details>`;
}

export function sessionLink(session: string): Html {
  return html`<a href="${auditPath({ session })}"><bdi>${session}</bdi></a>`;
}
