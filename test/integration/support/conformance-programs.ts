import { join } from 'node:path';

/** Where `package.json` and the lock of the conformance suite, the Inspector and the reference server are. */
export const CONFORMANCE_DIRECTORY = join(import.meta.dirname, '../../fixtures/conformance');

/** Scripts that Node runs. */
export const CONFORMANCE_SCRIPTS = {
  suiteLatest: inPackages('conformance-latest/dist/index.js'),
  suiteNext: inPackages('conformance-next/dist/index.js'),
  inspector: inPackages('@modelcontextprotocol/inspector/clients/launcher/build/index.js'),
  referenceHttp: join(CONFORMANCE_DIRECTORY, 'reference-server/serve-http.ts'),
  referenceSse: join(CONFORMANCE_DIRECTORY, 'reference-server/serve-sse.ts'),
  referenceStdio: join(CONFORMANCE_DIRECTORY, 'reference-server/serve-stdio.ts'),
} as const;

function inPackages(path: string): string {
  return join(CONFORMANCE_DIRECTORY, 'node_modules', path);
}
