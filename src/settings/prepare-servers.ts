import type { MapEntry, MapNode, SourceNode } from './source-node.ts';

/**
 * People write `PORT: 3000` and `args: [-p, 8080]` in YAML: what is passed on as text becomes the text that they wrote.
 * A variable that a client's file unsets (`null`) is left out.
 */
export function prepareServers(
  root: SourceNode | undefined,
  isClientFile: boolean,
): SourceNode | undefined {
  if (root?.kind !== 'map') return root;

  function prepareField(node: SourceNode, key: string): SourceNode {
    if (key === 'args' && node.kind === 'list') return { ...node, items: node.items.map(asText) };
    if (key !== 'env' && key !== 'headers') return node;
    return mapEntries(node, (value) =>
      isClientFile && key === 'env' && isNull(value) ? undefined : asText(value),
    );
  }

  return mapEntries(root, (servers, key) =>
    key === 'mcpServers' || key === 'servers'
      ? mapEntries(servers, (server) => mapEntries(server, prepareField))
      : servers,
  );
}

function isNull(node: SourceNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

function asText(node: SourceNode): SourceNode {
  if (node.kind !== 'scalar' || (typeof node.value !== 'number' && typeof node.value !== 'boolean'))
    return node;
  return { ...node, value: node.text };
}

function mapEntries(
  node: SourceNode,
  change: (node: SourceNode, key: string) => SourceNode | undefined,
): SourceNode {
  if (node.kind !== 'map') return node;
  const entries = new Map<string, MapEntry>();
  for (const [key, entry] of node.entries) {
    const changed = change(entry.node, key);
    if (changed !== undefined) entries.set(key, { ...entry, node: changed });
  }
  return { ...node, entries } satisfies MapNode;
}
