import { isJsonObject } from '../../facts/json-object.ts';
import { findMirroredParams, type MirroredParam, mirrorParams } from '../header-values.ts';
import { parseMessages } from '../json-rpc.ts';
import type { MessageFacts } from '../message-facts.ts';

const TOOLS_MAX = 10_000;

/** The tools of a server whose arguments are repeated in headers (2026-07-28, `x-mcp-header`). */
export class MirroredParams {
  readonly #byTool = new Map<string, readonly MirroredParam[]>();

  /** @param text an answer to `tools/list` */
  learn(text: string): void {
    if (!text.includes('"x-mcp-header"')) return;
    for (const tool of toolsOf(text)) {
      if (!isJsonObject(tool) || typeof tool['name'] !== 'string') continue;
      const params = findMirroredParams(tool['inputSchema']);
      if (params.length > 0 && this.#byTool.size < TOOLS_MAX)
        this.#byTool.set(tool['name'], params);
    }
  }

  /**
   * @param text the message that `facts` are about
   * @returns headers
   */
  of(facts: MessageFacts | undefined, text: string): Readonly<Record<string, string>> {
    if (facts?.method !== 'tools/call') return {};
    const params = this.#byTool.get(facts.target ?? '');
    if (params === undefined) return {};
    const { params: call } = JSON.parse(text) as { readonly params?: { arguments?: unknown } };
    return mirrorParams(params, call?.arguments);
  }
}

function toolsOf(text: string): readonly unknown[] {
  const parsed = parseMessages(text);
  const [message] = parsed.ok ? parsed.messages : [];
  const result = message?.kind === 'result' ? message.result : undefined;
  return isJsonObject(result) && Array.isArray(result['tools']) ? result['tools'] : [];
}
