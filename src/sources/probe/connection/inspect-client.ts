import {
  type Client,
  isSpecType,
  type StandardSchemaV1,
  type Tool,
} from '@modelcontextprotocol/client';
import {
  type CapabilityKind,
  type CapabilityList,
  type CapabilitySnapshot,
  INSTRUCTIONS_CHARS_MAX,
} from '../../../facts/capability-snapshot.ts';
import type { ServerIdentity } from '../../../facts/check-report.ts';
import { classifyFailure, type FailureFacts } from '../../../protocol/classify-failure.ts';
import { METHOD_NOT_FOUND } from '../../../protocol/json-rpc.ts';
import { isJsonObject, type JsonObject } from '../../../facts/json-object.ts';
import type { Era, SyntheticCall, Transport } from '../../../facts/server.ts';
import type { Clock } from '../../../facts/ports/clock.ts';
import { assessCallResult } from './assess-call-result.ts';
import { createListBuilder } from './build-list.ts';
import { timeStep } from '../../../protocol/measurement.ts';
import type { Measurement, RequestFailure } from '../../../protocol/probe-client.ts';

export interface InspectClientOptions {
  /** The deadline of the whole inspection. */
  readonly signal: AbortSignal;
  readonly measurement: Measurement;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly call?: SyntheticCall;
  /** Says what an error of the client was; see `explainClientError` for where the transport knows nothing better. */
  explain(error: unknown, method: string): FailureFacts;
}

export type Inspection =
  | {
      readonly ok: true;
      readonly identity: ServerIdentity;
      readonly snapshot: CapabilitySnapshot;
      /** What was proved, for a person. */
      readonly detail: string;
    }
  | { readonly ok: false; readonly failure: RequestFailure; readonly identity: ServerIdentity };

/** Larger than any real list, smaller than what would hurt us. */
const PAGES_MAX = 64;
/** Names of capabilities and versions that are kept, and characters of each. */
const NAMES_MAX = 50;
const NAME_CHARS_MAX = 100;
/** The SDK has a timer per request of its own; the deadline of the inspection is the one that counts. */
const SDK_TIMEOUT_MS = 2 ** 31 - 1;

/** Hands results through as they came: the hash of a definition must cover what a schema would strip. */
const RAW: StandardSchemaV1<unknown, JsonObject> = {
  '~standard': {
    version: 1,
    vendor: 'mcp-exporter',
    validate: (value) =>
      isJsonObject(value) ? { value } : { issues: [{ message: 'not an object' }] },
  },
};

interface ListRecipe {
  readonly kind: CapabilityKind;
  readonly capability: 'tools' | 'prompts' | 'resources';
  readonly method: string;
  readonly itemsKey: string;
  readonly nameKey: string;
  /** Of one and of many, for a person. */
  readonly nouns: readonly [string, string];
  /** Many servers announce resources and never implemented templates. */
  readonly isOptional: boolean;
  hasShape(result: unknown, era: Era): boolean;
}

const LIST_RECIPES: readonly ListRecipe[] = [
  {
    kind: 'tools',
    capability: 'tools',
    method: 'tools/list',
    itemsKey: 'tools',
    nameKey: 'name',
    nouns: ['tool', 'tools'],
    isOptional: false,
    hasShape: (result, era) =>
      isSpecType.ListToolsResult(result) && (era === 'modern' || hasObjectsAsOutput(result.tools)),
  },
  {
    kind: 'prompts',
    capability: 'prompts',
    method: 'prompts/list',
    itemsKey: 'prompts',
    nameKey: 'name',
    nouns: ['prompt', 'prompts'],
    isOptional: false,
    hasShape: (result) => isSpecType.ListPromptsResult(result),
  },
  {
    kind: 'resources',
    capability: 'resources',
    method: 'resources/list',
    itemsKey: 'resources',
    nameKey: 'uri',
    nouns: ['resource', 'resources'],
    isOptional: false,
    hasShape: (result) => isSpecType.ListResourcesResult(result),
  },
  {
    kind: 'resource_templates',
    capability: 'resources',
    method: 'resources/templates/list',
    itemsKey: 'resourceTemplates',
    nameKey: 'uriTemplate',
    nouns: ['resource template', 'resource templates'],
    isOptional: true,
    hasShape: (result) => isSpecType.ListResourceTemplatesResult(result),
  },
];

/** Since 2026-07-28 an output schema may be any JSON Schema; before, official clients refuse a list with another one. */
function hasObjectsAsOutput(tools: readonly Tool[]): boolean {
  return tools.every(({ outputSchema }) => !outputSchema || outputSchema['type'] === 'object');
}

/**
 * What a deep check does once the SDK's client is connected, whatever the transport: lists everything the server
 * announces (all pages, past every cache), then makes the synthetic call if one is configured. Never rejects.
 * Load this module with `import()`: it brings the SDK (about 28 MB), which steady checks do without.
 */
export async function inspectClient(
  client: Client,
  options: InspectClientOptions,
): Promise<Inspection> {
  const identity = identityOf(client, options.transport);
  const lists: Partial<Record<CapabilityKind, CapabilityList>> = {};
  let configuredTool: Tool | undefined;
  const announced = client.getServerCapabilities() ?? {};
  for (const recipe of LIST_RECIPES) {
    if (announced[recipe.capability] === undefined) continue;
    const listed = await listKind(client, recipe, options);
    if (!listed.ok) return { ok: false, failure: listed.failure, identity };
    if (listed.list !== undefined) lists[recipe.kind] = listed.list;
    if (recipe.kind === 'tools')
      configuredTool = listed.items.find(isToolNamed(options.call?.tool));
  }
  if (options.call !== undefined) {
    const called = await callTool(client, options.call, configuredTool, options);
    if (!called.ok) return { ok: false, failure: called.failure, identity };
  }
  const snapshot = { takenAtMs: options.clock.nowMs(), lists, ...describedBy(client) };
  return { ok: true, identity, snapshot, detail: describe(identity, snapshot, options.call) };
}

/** What the handshake says beyond the identity, within bounds. */
function describedBy(client: Client): Omit<CapabilitySnapshot, 'takenAtMs' | 'lists'> {
  const instructions = client.getInstructions();
  const versions = client.getDiscoverResult()?.supportedVersions;
  return {
    announced: capabilityNames(client.getServerCapabilities() ?? {}),
    ...(versions && { supportedVersions: versions.slice(0, NAMES_MAX).map(shortened) }),
    ...(instructions !== undefined &&
      instructions !== '' && { instructions: instructions.slice(0, INSTRUCTIONS_CHARS_MAX) }),
  };
}

/** Capabilities, and what is on within them. */
function capabilityNames(capabilities: object): readonly string[] {
  return Object.entries(capabilities)
    .flatMap(([name, value]) => {
      if (!isJsonObject(value)) return [name];
      const inner = Object.entries(value).filter(([, each]) => each !== false);
      return [name, ...inner.map(([key]) => `${name}.${key}`)];
    })
    .slice(0, NAMES_MAX)
    .map(shortened);
}

function shortened(name: string): string {
  return name.slice(0, NAME_CHARS_MAX);
}

function identityOf(client: Client, transport: Transport): ServerIdentity {
  const server = client.getServerVersion();
  return {
    transport,
    era: client.getProtocolEra() === 'modern' ? 'modern' : 'legacy',
    protocolVersion: client.getNegotiatedProtocolVersion() ?? '',
    implementation: server?.name ?? '',
    version: server?.version ?? '',
  };
}

type Listed =
  | {
      readonly ok: true;
      readonly list: CapabilityList | undefined;
      readonly items: readonly JsonObject[];
      /** What was odd. */
      readonly note?: string;
    }
  | { readonly ok: false; readonly failure: RequestFailure };

async function listKind(
  client: Client,
  recipe: ListRecipe,
  options: InspectClientOptions,
): Promise<Listed> {
  const startedAt = options.clock.monotonicMs();
  const listed = await timeStep(
    options.measurement,
    options.clock,
    recipe.method,
    () => listPages(client, recipe, options),
    describeList,
  );
  addPhase(options, 'list', startedAt);
  return listed;
}

function describeList({ list, note }: Extract<Listed, { ok: true }>): string {
  if (list === undefined) return 'not offered';
  const listed = `${list.definitions.length} listed, ${list.bytes} bytes`;
  return note === undefined ? listed : `${listed}; ${note}`;
}

async function listPages(
  client: Client,
  recipe: ListRecipe,
  options: InspectClientOptions,
): Promise<Listed> {
  const builder = createListBuilder(recipe.nameKey);
  const items: JsonObject[] = [];
  const cursors = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    let result: JsonObject;
    try {
      const request = {
        method: recipe.method,
        ...(cursor !== undefined && { params: { cursor } }),
      };
      result = await client.request(request, RAW, {
        signal: options.signal,
        timeout: SDK_TIMEOUT_MS,
      });
    } catch (error) {
      const facts = options.explain(error, recipe.method);
      const isMissing =
        recipe.isOptional && facts.kind === 'rpc' && facts.error.code === METHOD_NOT_FOUND;
      return isMissing ? { ok: true, list: undefined, items: [] } : failed(facts);
    }
    const era = client.getProtocolEra() === 'modern' ? 'modern' : 'legacy';
    if (!recipe.hasShape(result, era))
      return unusable(recipe.method, 'its result has not the shape that the protocol gives it');
    const entries = result[recipe.itemsKey];
    const pageItems = Array.isArray(entries) ? entries.filter(isJsonObject) : [];
    if (!builder.addPage(result, pageItems))
      return unusable(recipe.method, 'its lists are larger than this exporter reads');
    items.push(...pageItems);
    const next = result['nextCursor'];
    // Clients take an empty cursor for the end, and most read no further than the first page.
    if (typeof next !== 'string' || next === '') return { ok: true, list: builder.build(), items };
    if (cursors.has(next))
      return { ok: true, list: builder.build(), items, note: 'a cursor came twice' };
    cursors.add(next);
    cursor = next;
  }
  return unusable(recipe.method, `it has more than ${PAGES_MAX} pages`);
}

async function callTool(
  client: Client,
  call: SyntheticCall,
  tool: Tool | undefined,
  options: InspectClientOptions,
): Promise<{ readonly ok: true } | { readonly ok: false; readonly failure: RequestFailure }> {
  const startedAt = options.clock.monotonicMs();
  const called = await timeStep(
    options.measurement,
    options.clock,
    'tools/call',
    async () => {
      try {
        const result = await client.callTool(
          { name: call.tool, arguments: { ...call.arguments } },
          {
            signal: options.signal,
            timeout: SDK_TIMEOUT_MS,
            ...(tool !== undefined && { toolDefinition: tool }),
          },
        );
        const facts = assessCallResult(call, result);
        return facts === undefined ? ({ ok: true } as const) : failed(facts);
      } catch (error) {
        return failed(options.explain(error, 'tools/call'));
      }
    },
    () => `${call.tool} answered as expected`,
  );
  addPhase(options, 'call', startedAt);
  return called;
}

function addPhase(
  { measurement, clock }: InspectClientOptions,
  phase: 'list' | 'call',
  startedAt: number,
): void {
  measurement.phasesMs[phase] =
    (measurement.phasesMs[phase] ?? 0) + clock.monotonicMs() - startedAt;
}

function isToolNamed(name: string | undefined): (item: unknown) => item is Tool {
  return (item): item is Tool =>
    isJsonObject(item) && item['name'] === name && isSpecType.Tool(item);
}

function failed(facts: FailureFacts): { readonly ok: false; readonly failure: RequestFailure } {
  return { ok: false, failure: classifyFailure(facts) };
}

function unusable(
  method: string,
  reason: string,
): { readonly ok: false; readonly failure: RequestFailure } {
  return failed({ kind: 'unusable', method, reason });
}

function describe(
  identity: ServerIdentity,
  snapshot: CapabilitySnapshot,
  call: SyntheticCall | undefined,
): string {
  const counts = LIST_RECIPES.flatMap(({ kind, nouns }) => {
    const count = snapshot.lists[kind]?.definitions.length;
    return count === undefined ? [] : [`${count} ${nouns[count === 1 ? 0 : 1]}`];
  });
  const listed = counts.length === 0 ? 'it announces no lists' : `it lists ${counts.join(', ')}`;
  const called = call === undefined ? '' : `, and ${call.tool} answered as expected`;
  // A child has one client for life, so that nothing is proved about further ones.
  const served =
    identity.transport === 'stdio' ? 'The kept process answered' : 'A fresh client was served';
  return `${served} (${identity.protocolVersion}): ${listed}${called}.`;
}
