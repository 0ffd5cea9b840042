import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * What `npm install mcp-exporter` may cost: bounds that a careless dependency or a stray file breaks.
 * The compiled code without comments is 1.9 MB, the documents that the service shows are 0.4 MB,
 * and the two builds of the library 0.2 MB.
 */
const UNPACKED_BYTES_MAX = 2_800_000;
const DEPENDENCIES_MAX = 33;
const NEEDED_FILES = [
  'LICENSE',
  'README.md',
  'dist/main.js',
  'dist/instrument/esm/index.js',
  'docs/config.schema.json',
];
const FORBIDDEN_FILES = [
  /^src\//,
  /^test\//,
  /^tools\//,
  /^docs\/images\//,
  /^dist\/demo\/fleet\//,
  /\.tsbuildinfo$/,
];

interface Packed {
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

const problems = findProblems(pack(), countDependencies());
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

function findProblems({ unpackedSize, files }: Packed, dependencies: number): string[] {
  const paths = files.map(({ path }) => path);
  process.stdout.write(
    `The package has ${paths.length} files, ${unpackedSize} bytes unpacked, ${dependencies} dependencies.\n`,
  );
  return [
    ...(unpackedSize > UNPACKED_BYTES_MAX
      ? [`The package is larger than ${UNPACKED_BYTES_MAX} bytes.`]
      : []),
    ...(dependencies > DEPENDENCIES_MAX ? [`More than ${DEPENDENCIES_MAX} dependencies.`] : []),
    ...NEEDED_FILES.filter((file) => !paths.includes(file)).map((file) => `${file} is missing.`),
    ...paths
      .filter((path) => FORBIDDEN_FILES.some((pattern) => pattern.test(path)))
      .map((path) => `${path} does not belong into the package.`),
  ];
}

function pack(): Packed {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const packed = (JSON.parse(output) as Packed[])[0];
  if (packed === undefined) throw new Error('npm pack described no package');
  return packed;
}

function countDependencies(): number {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
    readonly dependencies?: Readonly<Record<string, string>>;
  };
  return Object.keys(manifest.dependencies ?? {}).length;
}
