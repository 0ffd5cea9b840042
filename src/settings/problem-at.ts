import { formatPath, type Path, type Problem } from './problem.ts';
import { keyOffsetAt, nodeAt, type SourceFile, type SourceNode } from './source-node.ts';

/** A problem at the key or the value of `path`, or at its nearest ancestor that exists. */
export function problemAt(
  source: SourceFile,
  path: Path,
  message: string,
  at: 'key' | 'value' = 'value',
): Problem {
  const find =
    at === 'key' ? keyOffsetAt : (root: SourceNode | undefined, p: Path) => nodeAt(root, p)?.offset;
  let offset = find(source.root, path);
  for (let length = path.length - 1; offset === undefined && length > 0; length--) {
    offset = keyOffsetAt(source.root, path.slice(0, length));
  }
  const place = offset === undefined ? { line: 1, column: 1 } : source.locate(offset);
  return { file: source.file, ...place, path: formatPath(path), message };
}
