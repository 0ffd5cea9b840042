import { type Node as JsonNode, parseTree } from 'jsonc-parser';
import { isMap, isScalar, parseDocument, visit } from 'yaml';
import { redact, Secret } from '../facts/secret.ts';
import { isJson } from './read-source.ts';

type Range = readonly [from: number, to: number];

const SECRET_BLOCKS = ['env', 'headers'];

/** A file as it may be shown: values of `env` and `headers` and every known secret are masked, lines stay lines. */
export function maskSource(file: string, text: string, secrets: readonly Secret[]): string {
  const ranges = isJson(file, text) ? jsonRanges(text) : yamlRanges(text);
  let masked = text;
  for (const [from, to] of ranges.toSorted((a, b) => b[0] - a[0]))
    masked = `${masked.slice(0, from)}"***"${masked.slice(to)}`;
  return redact(
    masked,
    secrets.flatMap((secret) => [secret, new Secret(escape(secret.reveal()))]),
  );
}

/** As it stands between quotes. */
function escape(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function jsonRanges(text: string): Range[] {
  const ranges: Range[] = [];
  const walk = (node: JsonNode, isSecret: boolean): void => {
    if (node.type === 'property') {
      const [key, value] = node.children ?? [];
      if (value) walk(value, isSecret || SECRET_BLOCKS.includes(String(key?.value)));
    } else if (node.children) {
      for (const child of node.children) walk(child, isSecret);
    } else if (isSecret) {
      ranges.push([node.offset, node.offset + node.length]);
    }
  };
  const root = parseTree(text, [], { allowTrailingComma: true });
  if (root) walk(root, false);
  return ranges;
}

function yamlRanges(text: string): Range[] {
  const ranges: Range[] = [];
  visit(parseDocument(text, { uniqueKeys: false }), {
    Pair(_key, { key, value }) {
      if (!isScalar(key) || !SECRET_BLOCKS.includes(String(key.value)) || !isMap(value))
        return undefined;
      visit(value, {
        Scalar(place, { range }) {
          if (place !== 'key' && range) ranges.push([range[0], range[1]]);
        },
      });
      return visit.SKIP;
    },
  });
  return ranges;
}
