import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const isFull = process.env['MCP_EXPORTER_FULL'] === '1';

// The tests start the command hundreds of times: Node.js then strips the types of its sources and compiles them only once. The
// key of an entry is the text of its file. Coverage is less exact with it.
if (!process.argv.some((argument) => argument.startsWith('--coverage')))
  process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(
    new URL('../node_modules/.cache/node-compile', import.meta.url),
  );

/** Tests that do little but wait for what takes its time. */
const WAITING = [
  'test/integration/pipeline/**/*.test.ts',
  'test/integration/slow-first-answers.test.ts',
];

export default defineConfig({
  test: {
    teardownTimeout: 20_000,
    coverage: {
      provider: 'v8',
      include: ['src/facts/**/*.ts', 'src/sources/**/*.ts'],
      reporter: ['text-summary', 'html', 'lcovonly'],
      thresholds: { lines: 90, branches: 90 },
    },
    projects: [
      {
        root: fileURLToPath(new URL('..', import.meta.url)),
        test: {
          name: 'unit',
          include: ['test/{unit,property,golden}/**/*.test.ts'],
          // By default vitest leaves a core free, which is half of a machine with two.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          testTimeout: isFull ? 120_000 : 10_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        root: fileURLToPath(new URL('..', import.meta.url)),
        test: {
          name: 'rules',
          include: ['test/rules/**/*.test.ts'],
          // promtool keeps every core busy, which would be unfair to tests with a short timeout.
          maxWorkers: 2,
          testTimeout: isFull ? 1_800_000 : 300_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 4 },
        },
      },
      {
        root: fileURLToPath(new URL('..', import.meta.url)),
        test: {
          name: 'integration',
          include: ['test/{integration,browser,dashboards}/**/*.test.ts'],
          exclude: WAITING,
          globalSetup: [
            'test/integration/support/install-servers.ts',
            'test/integration/support/warm-compile-cache.ts',
          ],
          // Each file runs servers of its own, and waits for them about a third of its time.
          maxWorkers: 3,
          testTimeout: isFull ? 1_800_000 : 60_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        root: fileURLToPath(new URL('..', import.meta.url)),
        test: {
          name: 'pipeline',
          include: WAITING,
          globalSetup: [
            'test/integration/support/install-servers.ts',
            'test/integration/support/warm-compile-cache.ts',
          ],
          // All of them wait at once, and for nobody else.
          maxWorkers: 6,
          testTimeout: isFull ? 1_800_000 : 60_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        root: fileURLToPath(new URL('..', import.meta.url)),
        test: {
          name: 'differential',
          include: ['test/differential/**/*.test.ts'],
          globalSetup: ['test/differential/python/install-python.ts'],
          // Each file starts a Python process of its own, and the attempts have limits.
          maxWorkers: 2,
          sequence: { groupOrder: 5 },
        },
      },
      {
        root: fileURLToPath(new URL('..', import.meta.url)),
        test: {
          name: 'openapi',
          include: ['test/openapi/**/*.test.ts'],
          globalSetup: ['test/openapi/python/install-schemathesis.ts'],
          testTimeout: 1_800_000,
          sequence: { groupOrder: 6 },
        },
      },
      {
        root: fileURLToPath(new URL('..', import.meta.url)),
        test: {
          name: 'stack',
          include: ['test/stack/**/*.test.ts'],
          // What the tests start they remove themselves; Ryuk would be one more image to have.
          env: { TESTCONTAINERS_RYUK_DISABLED: 'true', TESTCONTAINERS_HOST_OVERRIDE: '127.0.0.1' },
          // Images are built, and whole stacks started, one after the other.
          maxWorkers: 1,
          testTimeout: 300_000,
          hookTimeout: 900_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
