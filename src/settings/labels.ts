import { z } from 'zod';
import { LABELS } from '../catalog/labels.ts';
import { map } from './schema-types.ts';
import { nodeAt, type Path, type Problem, problemAt, type SourceFile } from './source-file.ts';

/** Of the whole configuration. Each is a label of every series of `mcp_server_info`. */
const LABEL_NAMES_MAX = 16;
const LABEL_NAME_CHARS_MAX = 64;
const LABEL_VALUE_BYTES_MAX = 128;

/** Labels that Prometheus and Alertmanager set, and those of our rules, besides the labels of our metrics. */
const RESERVED_NAMES: ReadonlySet<string> = new Set([
  ...Object.keys(LABELS),
  'component',
  'gateway',
  'instance',
  'job',
  'le',
  'quantile',
  'severity',
]);

/** `labels:` of a server and of `defaults`. Names are checked by `checkLabelNames`, which reports them where they are written. */
export const LabelsSchema = map(
  z
    .string({ error: 'must be text' })
    .superRefine((value, context) => {
      const message = findValueMistake(value);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .meta({ type: ['string', 'number', 'boolean'] }),
  {
    description: `Who owns the server, and anything else to group it by. Labels of \`mcp_server_info\`; also in the API, on the pages, in log lines and in \`/sd/servers\`. Names are label names of Prometheus of up to ${LABEL_NAME_CHARS_MAX} characters that no metric of the exporter has, at most ${LABEL_NAMES_MAX} in the whole configuration; values have up to ${LABEL_VALUE_BYTES_MAX} bytes. Not secret, even if a value comes from a variable.`,
    examples: [{ team: 'search', owner: 'search@example.com', environment: 'production' }],
    reloadable: true,
  },
);

export type LabelsInput = Readonly<Record<string, string>>;

/**
 * The labels of a server, by name. Its own take precedence over those of `defaults`; an empty value removes one, since Prometheus
 * knows no difference between an empty label and none.
 */
export function mergeLabels(
  defaults: LabelsInput | undefined,
  own: LabelsInput | undefined,
): Readonly<Record<string, string>> {
  const labels = Object.entries({ ...defaults, ...own }).filter(([, value]) => value !== '');
  return Object.fromEntries(labels.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Reports every name that cannot be a label, and the first one that is too many. */
export function checkLabelNames(source: SourceFile, problems: Problem[]): void {
  const servers = nodeAt(source.root, ['mcpServers']);
  const names = servers?.kind === 'map' ? [...servers.entries.keys()] : [];
  const blocks: readonly Path[] = [
    ['defaults', 'labels'],
    ...names.map((name) => ['mcpServers', name, 'labels']),
  ];
  const used = new Set<string>();
  for (const block of blocks) {
    const node = nodeAt(source.root, block);
    for (const name of node?.kind === 'map' ? node.entries.keys() : []) {
      const mistake = findNameMistake(name) ?? findExcess(name, used);
      if (mistake !== undefined) problems.push(problemAt(source, [...block, name], mistake, 'key'));
      used.add(name);
    }
  }
}

function findExcess(name: string, used: ReadonlySet<string>): string | undefined {
  return used.size === LABEL_NAMES_MAX && !used.has(name)
    ? `is one name more than the ${LABEL_NAMES_MAX} that labels may have in the whole configuration`
    : undefined;
}

/** Data model of Prometheus: letters, digits and underscores; `__` is for its own use. */
function findNameMistake(name: string): string | undefined {
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name))
    return 'a label name must consist of letters (a to z), digits and underscores, and not begin with a digit';
  if (name.startsWith('__')) return 'label names that begin with __ are reserved for Prometheus';
  if (name.length > LABEL_NAME_CHARS_MAX)
    return `a label name must not be longer than ${LABEL_NAME_CHARS_MAX} characters`;
  return RESERVED_NAMES.has(name)
    ? 'this label has a meaning of its own in our metrics, in rules or in Prometheus; choose another name'
    : undefined;
}

function findValueMistake(value: string): string | undefined {
  if (/[\p{Cc}\u2028\u2029]/u.test(value)) return 'must not hold control characters or line breaks';
  if (!value.isWellFormed()) return 'must be valid Unicode';
  if (value !== value.trim()) return 'must not begin or end with a space';
  return new TextEncoder().encode(value).length > LABEL_VALUE_BYTES_MAX
    ? `must not be longer than ${LABEL_VALUE_BYTES_MAX} bytes`
    : undefined;
}
