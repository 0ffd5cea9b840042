import { createRequire } from 'node:module';
import type * as re2js from 're2js';
import type { FailureFacts } from '../../../protocol/classify-failure.ts';
import { isJsonObject } from '../../../facts/json-object.ts';
import type { SyntheticCall } from '../../../facts/server.ts';

/** RE2 takes about a microsecond per character. */
const MATCHED_CHARS_MAX = 256 * 1024;

/**
 * Weighs the result of a synthetic call: `isError`, then the expectation on its text, since `isError: false` alone
 * proves nothing. Nothing is returned where all is well.
 */
export function assessCallResult(call: SyntheticCall, result: unknown): FailureFacts | undefined {
  const text = textOf(result);
  if (isJsonObject(result) && result['isError'] === true)
    return { kind: 'tool_error', tool: call.tool, text };
  const expectation = brokenExpectation(call.expect, text);
  return expectation === undefined
    ? undefined
    : { kind: 'assertion', tool: call.tool, expectation, text };
}

function brokenExpectation(expect: SyntheticCall['expect'], text: string): string | undefined {
  const { contains, matches, notContains } = expect;
  if (contains !== undefined && !text.includes(contains))
    return `does not contain ${JSON.stringify(contains)}`;
  if (matches !== undefined && !isMatch(matches, text)) return `does not match /${matches}/`;
  if (notContains !== undefined && text.includes(notContains))
    return `contains ${JSON.stringify(notContains)}`;
  return undefined;
}

/** In linear time, whatever a person wrote and a server answered. @param pattern as `whyNoPattern` accepts it */
function isMatch(pattern: string, text: string): boolean {
  const { RE2JS } = createRequire(import.meta.url)('re2js') as typeof re2js;
  return RE2JS.compile(RE2JS.translateRegExp(pattern), RE2JS.LOOKBEHINDS)
    .matcher(text.slice(0, MATCHED_CHARS_MAX))
    .find();
}

/** All text of a tool result: text blocks, embedded text resources, and the structured content as JSON. */
function textOf(result: unknown): string {
  if (!isJsonObject(result)) return '';
  const blocks = Array.isArray(result['content']) ? result['content'] : [];
  const texts = blocks.filter(isJsonObject).map((block) => {
    if (typeof block['text'] === 'string') return block['text'];
    const resource = block['resource'];
    return isJsonObject(resource) && typeof resource['text'] === 'string' ? resource['text'] : '';
  });
  const structured = result['structuredContent'];
  if (structured !== undefined) texts.push(JSON.stringify(structured));
  return texts.filter((text) => text !== '').join('\n');
}
