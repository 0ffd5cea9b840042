import type { ErrorGroup, ErrorSample } from '../../../facts/error-log.ts';
import { asEpochMs, type EpochMs } from '../../../facts/time.ts';
import type { Kept } from '../ask-journal.ts';
import { formatCount, formatDuration } from '../format.ts';
import { type Html, html } from '../html.ts';
import type { OutsideUrls } from '../ports.ts';
import { auditPath } from './page-links.ts';
import { callOutcome, nameOf, sessionLink } from './audit-table.ts';
import { emptySection, factItems, notice, pairItems, pairList } from './elements.ts';
import { errorTable, messageOf } from './error-table.ts';
import { errorsIn } from './errors-page.ts';
import { serverPath } from './landing-page.ts';
import type { Page } from './layout.ts';
import { absoluteTime, relativeTime } from './time.ts';
import { traceLinks } from './trace-links.ts';

export interface ErrorGroupContent {
  readonly group: ErrorGroup;
  /** Other groups with the same pattern; `undefined` if its pattern says nothing. */
  readonly alike: Kept<readonly ErrorGroup[]> | undefined;
  readonly urls: OutsideUrls;
  readonly nowMs: EpochMs;
}

const MINUTE_MS = 60_000;
/** Shown around the last error. */
const AROUND_MS = 30 * MINUTE_MS;

const CRUMB = html`<p class="crumb"><a href="/errors">← Errors</a></p>`;

/** In place of a group, if the journal does not answer. */
export function missingGroupPage(message: string): Page {
  return {
    title: 'Error – mcp-exporter',
    main: html`${CRUMB}
      <h1>Error</h1>
      ${notice(message)}`,
  };
}

/** One group of errors: what, where, how often, and its newest samples. */
export function errorGroupPage(content: ErrorGroupContent): Page {
  const { group, alike, nowMs } = content;
  return {
    title: `Error in ${group.server} – mcp-exporter`,
    main: html`${CRUMB}
      <h1><bdi>${messageOf(group)}</bdi></h1>
      <dl class="facts">
        ${factItems([
          ['Count', formatCount(group.count)],
          ['First seen', relativeTime(group.firstAtMs, nowMs, 'ago')],
          ['Last seen', relativeTime(group.lastAtMs, nowMs, 'ago')],
          ['Server', html`<a href="${serverPath(group.server)}"><bdi>${group.server}</bdi></a>`],
          ['Call', html`<bdi>${nameOf(group)}</bdi>`],
          ['Outcome', callOutcome(group.outcome)],
        ])}
      </dl>
      <p class="links">${links(group, nowMs)}</p>
      <section class="card pad">
        ${pairList('What the errors have in common', [
          ['Method', group.operation],
          ['Error type', group.errorType],
          ['Pattern', group.pattern === '' ? undefined : html`<code>${group.pattern}</code>`],
          ['Fingerprint', html`<code>${group.fingerprint}</code>`],
        ])}
      </section>
      <section id="samples" class="part">
        <h2>Newest errors <small>${group.samples.length} kept</small></h2>
        ${group.samples.map((sample) => samplePart(sample, content))}
      </section>
      ${alike && html`<section id="alike" class="part">${alikePart(alike, nowMs)}</section>`}`,
  };
}

function links({ id, lastAtMs }: ErrorGroup, nowMs: EpochMs): readonly Html[] {
  const endMs = Math.max(lastAtMs, Math.min(nowMs, lastAtMs + AROUND_MS));
  const around = {
    fromMs: asEpochMs(Math.floor((lastAtMs - AROUND_MS) / MINUTE_MS) * MINUTE_MS),
    toMs: asEpochMs(Math.ceil(endMs / MINUTE_MS) * MINUTE_MS),
  };
  return [
    html`<a href="${auditPath({ error_group: String(id) })}">Calls with this error</a>`,
    html`<a href="${errorsIn(around)}">What else happened around the last one</a>`,
  ];
}

function samplePart(sample: ErrorSample, { nowMs, urls }: ErrorGroupContent): Html {
  const { message, stack, client, session, user, rpcCode } = sample;
  return html`<article class="card pad">
    <h3>${relativeTime(sample.atMs, nowMs, 'ago')}</h3>
    ${pairItems([
      ['Time', absoluteTime(sample.atMs)],
      ['Client', client && `${client.name} ${client.version}`],
      ['User', user],
      ['Session', session === undefined || session === '' ? undefined : sessionLink(session)],
      ['Trace', traceLinks(sample.traceId, urls)],
      ['Request', sample.requestId],
      ['JSON-RPC code', rpcCode],
      ['Duration', formatDuration(sample.durationMs)],
    ])}
    ${message !== '' && html`<pre>${message}</pre>`}
    ${
      stack !== undefined &&
      html`<details open>
        <summary>Stack</summary>
        <pre>${stack}</pre>
      </details>`
    }
  </article>`;
}

function alikePart(alike: Kept<readonly ErrorGroup[]>, nowMs: EpochMs): Html {
  const title = 'Looks the same';
  if (!alike.ok) return emptySection(title, alike.message);
  if (alike.value.length === 0)
    return emptySection(title, 'No errors of other servers or tools look the same.');
  return html`<h2>${title} <small>errors of other servers or tools</small></h2>
    ${errorTable({ caption: 'Errors that look the same', groups: alike.value, nowMs })}`;
}
