import { stringify } from 'yaml';

/**
 * YAML for other programs to read.
 * @param comment lines without their `#`, put before everything else
 */
export function formatYaml(value: unknown, comment: string): string {
  const head = comment.split('\n').map((line) => `# ${line}`.trimEnd());
  // Expressions and templates stay in one line each; an anchor would be one of Go's YAML's surprises.
  const body = stringify(value, { lineWidth: 0, aliasDuplicateObjects: false, singleQuote: true });
  return `${head.join('\n')}\n${body}`;
}
