import { readFileSync } from 'node:fs';
import { not } from '../../src/catalog/promql/matchers.ts';
import { maxBy, selector } from '../../src/catalog/promql/promql.ts';
import { FAILED_OUTCOMES, UNCOUNTED_OUTCOMES } from '../../src/facts/call-outcome.ts';
import { REVISIONS } from '../../src/facts/revisions.ts';

const TEMPLATE = new URL('mcp.rules.template.yml', import.meta.url);
const HEADER =
  '# Generated from tools/rules/mcp.rules.template.yml by `npm run generate`; edits here are lost.\n#\n';

/** What replaces `%NAME%` in the template: expressions that follow from the vocabularies of `src/facts`. */
const EXPRESSIONS: Readonly<Record<string, string>> = {
  COUNTED_REQUESTS: selector('mcp_requests_total', { outcome: not(...UNCOUNTED_OUTCOMES) }),
  SERVER_ERRORS: selector('mcp_requests_total', {
    outcome: FAILED_OUTCOMES.filter((outcome) => outcome !== 'tool_error'),
  }),
  TOOL_ERRORS: selector('mcp_requests_total', { outcome: 'tool_error' }),
  FAILED_REQUESTS: selector('mcp_requests_total', { outcome: FAILED_OUTCOMES }),
  PROTOCOL_REVISION: [...REVISIONS.keys()].toReversed().map(revisionNumber).join('\nor\n'),
};

/** 20250618 for each server that uses revision `2025-06-18`. */
function revisionNumber(revision: string): string {
  const servers = selector('mcp_server_info', { protocol_version: revision });
  return `${revision.replaceAll('-', '')} * ${maxBy(['job', 'gateway', 'server'], servers)}`;
}

/** `prometheus/rules/mcp.rules.yml`. */
export function renderRules(): string {
  return HEADER + fillTemplate(readFileSync(TEMPLATE, 'utf8'), EXPRESSIONS);
}

/**
 * Replaces each `%NAME%`; the lines of a value are indented like the line it stands in.
 * Throws for a name without a value, and for a value that the template does not use.
 */
export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  const unused = new Set(Object.keys(values));
  const lines = template.split('\n').map((line) => {
    const indent = line.slice(0, line.length - line.trimStart().length);
    return line.replaceAll(/%([A-Z_]+)%/g, (_, name: string) => {
      const value = values[name];
      if (value === undefined) throw new Error(`the template names %${name}%, which has no value`);
      unused.delete(name);
      return value.replaceAll('\n', `\n${indent}`);
    });
  });
  if (unused.size > 0) throw new Error(`the template does not use ${[...unused].join(', ')}`);
  return lines.join('\n');
}
