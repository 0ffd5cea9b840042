import {
  CAPABILITY_KINDS,
  type CapabilityKind,
  type CapabilityList,
  type CapabilitySnapshot,
  type Definition,
} from '../../../facts/capability-snapshot.ts';
import type { ServerIdentity } from '../../../facts/check-report.ts';
import type { InputShape } from '../../../facts/rules/input-shape.ts';
import { formatBytes, formatCount } from '../format.ts';
import { type Html, html } from '../html.ts';
import { emptySection, pairList } from './elements.ts';
import type { Page } from './layout.ts';
import { type ServerFrame, serverTabPage, tabPath } from './server-frame.ts';
import { relativeTime } from './time.ts';

const DEFINITIONS_SHOWN_MAX = 300;
/** Lists up to this length are open from the start. */
const OPEN_DEFINITIONS_MAX = 20;

const KIND_WORDS: Readonly<Record<CapabilityKind, string>> = {
  tools: 'Tools',
  prompts: 'Prompts',
  resources: 'Resources',
  resource_templates: 'Resource templates',
};

/** What a server says about itself, and what it lists. */
export function capabilitiesTab(frame: ServerFrame): Page {
  const { detail, nowMs } = frame;
  const { identity, snapshot } = detail;
  return serverTabPage(
    frame,
    'capabilities',
    html`<section id="identity" class="card pad" data-region>
        ${identity ? identityPart(identity, snapshot) : emptySection('Server', 'Not known yet.')}
        ${instructions(snapshot)}
      </section>
      <section id="capabilities" class="card pad" data-region>
        ${snapshot ? lists(detail.name, snapshot, nowMs) : emptySection('Capabilities', 'Not read yet. The first deep check reads them.')}
      </section>`,
  );
}

function identityPart(identity: ServerIdentity, snapshot: CapabilitySnapshot | undefined): Html {
  return pairList('Server', [
    ['Implementation', `${identity.implementation} ${identity.version}`.trim() || undefined],
    ['Protocol version', `${identity.protocolVersion} (${describeEra(identity)})`],
    ['Supported versions', snapshot?.supportedVersions?.join(', ')],
    ['Transport', identity.transport],
    ['Announces', snapshot?.announced && (snapshot.announced.join(', ') || 'nothing')],
  ]);
}

export function describeEra({ era, isEraAssumed }: ServerIdentity): string {
  return isEraAssumed ? `${era}, assumed: server/discover was not answered` : era;
}

function instructions(snapshot: CapabilitySnapshot | undefined): Html | false {
  if (snapshot?.instructions === undefined) return false;
  return html`<h2 class="next">Instructions <small>for the model of a client</small></h2>
    <pre class="prose" tabindex="0"><bdi>${snapshot.instructions}</bdi></pre>`;
}

function lists(server: string, snapshot: CapabilitySnapshot, nowMs: number): Html {
  const shown = CAPABILITY_KINDS.flatMap((kind) => {
    const list = snapshot.lists[kind];
    return list ? [capabilityList(kind, list)] : [];
  });
  return html`<h2>
      Capabilities
      <small
        >read ${relativeTime(snapshot.takenAtMs, nowMs, 'ago')};
        <a href="${tabPath(server, 'timeline', { kind: 'definition', window: '30d' })}"
          >what changed</a
        ></small
      >
    </h2>
    ${shown.length > 0 ? shown : html`<p class="muted">The server lists no tools, prompts or resources.</p>`}`;
}

function capabilityList(kind: CapabilityKind, list: CapabilityList): Html {
  const { definitions } = list;
  const shown = definitions.slice(0, DEFINITIONS_SHOWN_MAX);
  const isOpen = definitions.length <= OPEN_DEFINITIONS_MAX;
  const rest = definitions.length - shown.length;
  return html`<details id="list-${kind}" ${isOpen && html` open`}>
    <summary>
      ${KIND_WORDS[kind]} <b>${formatCount(definitions.length)}</b>
      <small>${formatBytes(list.bytes)}</small>
    </summary>
    <dl class="definitions">${shown.map(definition)}</dl>
    ${rest > 0 && html`<p class="muted">and ${formatCount(rest)} more</p>`}
  </details>`;
}

function definition({ name, description, input }: Definition): Html {
  return html`<dt>
      <code><bdi>${name}</bdi></code>
    </dt>
    <dd>
      ${description === '' ? html`<span class="none">no description</span>` : html`<bdi>${description}</bdi>`}
      ${input && argumentList(input)}
    </dd>`;
}

/** Names and types of the arguments, those that are required first. */
function argumentList({ required, types, known }: InputShape): Html | false {
  const names = [...new Set([...required, ...Object.keys(types), ...known])];
  if (names.length === 0) return false;
  const items = names.map((name) => {
    const type = Object.hasOwn(types, name) ? types[name]?.join(' | ') : undefined;
    return html`<li>
      <code><bdi>${name}</bdi></code>
      ${type !== undefined && html` ${type}`}${required.includes(name) && html`, <b>required</b>`}
    </li> `;
  });
  return html`<ul class="arguments">
    ${items}
  </ul>`;
}
